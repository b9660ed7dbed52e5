import type { Clock } from "../../kernel/clock.ts";
import type { Exchange } from "../../kernel/exchange.ts";
import { exchangeTimeMs } from "../../kernel/id.ts";
import { exchangeOf, idBytes, numberOf, type SqlValue } from "../sqlite/exchange-row.ts";
import type { TrafficFile } from "../sqlite/traffic-file.ts";
import { exchangeColumns, named, selectWithContent, selectWithoutContent } from "../sqlite/traffic-schema.ts";
import { endingsCounted, measured } from "./sqlite/figures.ts";
import { atMost, contentColumns, contentSource, findRows, refuseTooLarge, rowsMax } from "./sqlite/find.ts";
import type { Ledger } from "./ledger.ts";
import { redactRow } from "./sqlite/redaction.ts";
import { expireRows, purgeRows } from "./sqlite/removal.ts";
import { rollUp } from "./sqlite/rolling.ts";
import { sealing } from "./sqlite/sealing.ts";
import { turns } from "./sqlite/turns.ts";
import { anyNamed, clause, joined } from "./sqlite/where.ts";

const parentsMax = 1_000;
/** Of each parent. */
const attemptsMax = 50;
/** How many rows one query of `since` looks at. */
const rowsLookedAtMax = 20_000;

/**
 * The ledger in the database that the journal writes: complete at every moment. Queries run on the file's reader
 * threads. Closing it waits for its own changes and leaves the file open.
 */
export function sqliteLedger(file: TrafficFile, clock: Clock): Ledger {
  const turn = turns();
  const blocks = sealing(file, turn);
  return {
    async find(query) {
      const completeUntil = clock.now();
      return { rows: await findRows(file, query), completeUntil };
    },
    async get(workspace, key) {
      if ("number" in key) return await one(file, "exchange.number = ?", [key.number, workspace]);
      return isId(key.id) ? await one(file, "exchange.id = ?", [idBytes(key.id), workspace]) : undefined;
    },
    children: (workspace, parent, limit) => childrenOf(file, { workspace, parent, limit }),
    attemptsOf: (workspace, parents) => attemptsOf(file, workspace, parents),
    measure: (query) => measured(file, query),
    countEndings: (query) => endingsCounted(file, query),
    roll: (limit) => rollUp(file, turn, limit),
    since: (workspace, position, query) => sinceRows(file, { ...query, workspace, position }),
    async position() {
      return await lastSeq(file);
    },
    expire: (workspace, before, limit) => expireRows(file, turn, { workspace, before, limit }),
    purge: (workspace, subject, limit) => purgeRows(file, turn, { workspace, subject, limit }),
    redact: (workspace, id, replace) =>
      turn(async () => {
        const seq = isId(id) ? await redactRow(file, { workspace, id }, replace) : undefined;
        if (seq === undefined) return false;
        blocks.reopen(seq);
        file.changed(id);
        return true;
      }),
    seal: (limit) => blocks.seal(limit),
    close: () => turn(async () => {}),
  };
}

function isId(text: string): boolean {
  return exchangeTimeMs(text) !== undefined;
}

async function one(
  file: TrafficFile,
  by: string,
  params: readonly SqlValue[],
): Promise<Exchange | undefined> {
  const [row] = await file.read(`${selectWithContent} where ${by} and exchange.workspace = ${named}`, params);
  return row && exchangeOf(row);
}

type Children = { readonly workspace: string; readonly parent: string; readonly limit: number };

async function childrenOf(file: TrafficFile, { workspace, parent, limit }: Children) {
  atMost(limit, rowsMax);
  if (!isId(parent)) return [];
  const rows = await file.read(
    `with picked (seq) as (
      select seq from exchange indexed by exchange_attempt
      where parent = ? and attempt is not null and workspace = ${named} order by started_at, id limit ?)
    select ${exchangeColumns}, ${contentColumns} from ${contentSource}
    order by exchange.started_at, exchange.id`,
    [idBytes(parent), workspace, limit],
  );
  refuseTooLarge(rows);
  return rows.map(exchangeOf);
}

/** The newest of each parent are found one parent after another, then all are read in order. */
async function attemptsOf(file: TrafficFile, workspace: string, parents: readonly string[]) {
  if (parents.length > parentsMax)
    throw new RangeError(`${parents.length} parents are more than ${parentsMax}.`);
  const ids = JSON.stringify(parents.filter(isId).map((id) => id.slice(3)));
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

type Since = Parameters<Ledger["since"]>[2] & { readonly workspace: string; readonly position: number };

/** One writer gives seqs, so that they are in commit order. Looks on until there is a row or nothing more. */
async function sinceRows(file: TrafficFile, query: Since) {
  atMost(query.limit, rowsMax);
  let { position } = query;
  for (;;) {
    const bounds = await lookahead(file, position);
    if (bounds === undefined) return { rows: [], position };
    const wanted = joined(
      [
        clause(`seq > ? and seq <= ? and workspace = ${named}`, position, bounds.end, query.workspace),
        ...(query.subjects === undefined ? [] : [anyNamed("subject", query.subjects)]),
        ...(query.kinds === undefined ? [] : [anyNamed("kind", query.kinds)]),
      ],
      " and ",
    );
    const rows = await file.read(
      `${selectWithoutContent} not indexed where ${wanted.sql} order by seq limit ?`,
      [...wanted.params, query.limit],
    );
    const last = rows.length === query.limit ? rows.at(-1) : undefined;
    position = last === undefined ? bounds.end : numberOf(last, "seq");
    if (rows.length > 0) return { rows: rows.map(exchangeOf), position };
  }
}

/** How far the next query looks: never past what is committed, so that nothing can still come before its end. */
async function lookahead(file: TrafficFile, position: number): Promise<{ readonly end: number } | undefined> {
  const [row] = await file.read("select min(seq) as first from exchange where seq > ?", [position]);
  if (typeof row?.["first"] !== "number") return undefined;
  return { end: Math.min(row["first"] + rowsLookedAtMax, await lastSeq(file)) };
}

async function lastSeq(file: TrafficFile): Promise<number> {
  const [row] = await file.read("select coalesce(max(seq), 0) as last from exchange", []);
  return row === undefined ? 0 : numberOf(row, "last");
}
