import { exchangeTimeMs } from "../../../kernel/id.ts";
import { exchangeOf, idBytes } from "../../sqlite/exchange-row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { exchangeColumns, named } from "../../sqlite/traffic-schema.ts";
import { atMost, attemptsMax, refuseManyIds, rowsMax } from "../bounds.ts";
import { contentColumns, contentSource, refuseLargePage } from "./find.ts";

type Children = { readonly workspace: string; readonly parent: string; readonly limit: number };

export async function childrenOf(file: TrafficFile, { workspace, parent, limit }: Children) {
  atMost(limit, rowsMax);
  if (exchangeTimeMs(parent) === undefined) return [];
  const rows = await file.read(
    `with picked (seq) as (
      select seq from exchange indexed by exchange_attempt
      where parent = ? and attempt is not null and workspace = ${named} order by started_at desc, id desc limit ?)
    select ${exchangeColumns}, ${contentColumns} from ${contentSource}
    order by exchange.started_at, exchange.id`,
    [idBytes(parent), workspace, limit],
  );
  refuseLargePage(rows);
  return rows.map(exchangeOf);
}

/** The newest of each parent are found one parent after another, then all are read in order. */
export async function attemptsOf(file: TrafficFile, workspace: string, parents: readonly string[]) {
  refuseManyIds(parents);
  const ids = JSON.stringify(
    parents.filter((id) => exchangeTimeMs(id) !== undefined).map((id) => id.slice(3)),
  );
  const rows = await file.read(
    `with parent (id) as materialized (select distinct unhex(value) from json_each(?))
    select ${exchangeColumns} from parent cross join exchange where exchange.seq in (
      select attempt.seq from exchange as attempt indexed by exchange_attempt
      where attempt.parent = parent.id and attempt.attempt is not null and attempt.workspace = ${named}
      order by attempt.started_at desc, attempt.id desc limit ${attemptsMax})
    order by exchange.started_at, exchange.id`,
    [ids, workspace],
  );
  return rows.map(exchangeOf);
}
