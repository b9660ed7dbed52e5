import { exchangeOf } from "../../sqlite/exchange-row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { named, selectWithoutContent } from "../../sqlite/traffic-schema.ts";
import { numberOf } from "../../stored/row.ts";
import type { Ledger } from "../ledger.ts";
import { atMost, rowsMax } from "../bounds.ts";
import { anyNamed, clause, joined } from "./clause.ts";

/** How many rows one query of `since` looks at. */
const rowsLookedAtMax = 20_000;

type Since = Parameters<Ledger["since"]>[2] & { readonly workspace: string; readonly position: number };

/** One writer gives seqs, so that they are in commit order. Looks on until there is a row or nothing more. */
export async function sinceRows(file: TrafficFile, query: Since) {
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

/** The position after everything committed so far. */
export async function lastSeq(file: TrafficFile): Promise<number> {
  const [row] = await file.read("select coalesce(max(seq), 0) as last from exchange", []);
  return row === undefined ? 0 : numberOf(row, "last");
}
