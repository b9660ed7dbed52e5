import type { Database, Query } from "../../postgres/database.ts";
import { ask, joined, sql, text, type Sql } from "../../postgres/sql.ts";
import { Histogram } from "../../stored/histogram.ts";
import { numberOf, type Row } from "../../stored/row.ts";
import { figuresOf, pieceOf, piecesMax, refuseTooMany, type Piece } from "../figures.ts";
import type { Measure, Measured } from "../ledger.ts";
import { addSlots, slotsSql } from "./slots.ts";
import { besideRollups, ofRollups, tooMany, type Rolled, type Span } from "./span.ts";
import { conditions } from "./where.ts";

/** Rows here at a time, most of them rollups of up to a kilobyte: while they are added up, the database reads the next. */
const pageRows = 1_000;

/**
 * Rolled hours and the rows beside them in one statement, so that all of it is of one moment: no roll or removal comes
 * in between. Histograms are added up here, a page of rollups at a time: the database takes several times as long for it.
 *
 * @throws Failure too_large as `figuresOf` does
 */
export async function measureHours(
  database: Database,
  query: Measure,
  rolled: Rolled,
): Promise<readonly Measured[]> {
  const pieces = await database.transaction((within) => addedUp(within, partsOf(query, rolled)));
  return figuresOf([...pieces.values()].filter(({ count }) => count > 0));
}

async function addedUp(within: Query, parts: Sql): Promise<ReadonlyMap<string, Piece>> {
  const pieces = new Map<string, Piece>();
  const lent = new Histogram();
  await ask(within, sql`declare part no scroll cursor for ${parts}`);
  for await (const page of pagesOf(within)) {
    for (const [key, group] of Map.groupBy(page, keyOf)) pieces.set(key, sumOf(group, pieces.get(key), lent));
    refuseTooMany("combinations of group, status class and outcome", pieces.size, piecesMax);
  }
  return pieces;
}

/** The next one is asked for before one is handed out. */
async function* pagesOf(within: Query): AsyncGenerator<readonly Row[]> {
  const fetch = (): Promise<readonly Row[]> => within.query(`fetch ${pageRows} from part`);
  let next: Promise<readonly Row[]> | undefined = fetch();
  try {
    while (next !== undefined) {
      const page: readonly Row[] = await next;
      next = page.length === pageRows ? fetch() : undefined;
      yield page;
    }
  } finally {
    await Promise.allSettled([next]);
  }
}

function keyOf({ at, subject, class: statusClass, outcome }: Row): string {
  return [at, subject, statusClass, outcome].join("\n");
}

/** `lent` is emptied first. */
function sumOf(rows: readonly Row[], before: Piece | undefined, lent: Histogram): Piece {
  lent.clear();
  if (before !== undefined) lent.addEncoded(before.durations);
  let [count, lastAt] = [before?.count ?? 0, before?.lastAt ?? -Infinity];
  for (const row of rows) {
    const { durations, slots, last } = row;
    if (durations instanceof Uint8Array) lent.addEncoded(durations);
    if (slots instanceof Uint8Array) addSlots(lent, slots, Math.sign(numberOf(row, "count")));
    count += numberOf(row, "count");
    lastAt = Math.max(lastAt, typeof last === "number" ? last : -Infinity);
  }
  return pieceOf({ ...rows[0], count, last: lastAt }, lent.encode());
}

/** What is too many comes last: until then there is at least as much of each. */
function partsOf({ workspace, where, stepMs, bySubject }: Measure, rolled: Rolled): Sql {
  const { from = -Infinity, to = Infinity, ...rest } = where;
  const span: Span = { workspace, told: "started", first: from, end: to, ...rolled };
  const subject = text(bySubject ? "candidate.subject" : "''");
  const stepOf = (at: string): Sql =>
    stepMs === undefined ? text("0::bigint") : sql`${text(at)} - ${text(at)} % ${stepMs}::bigint`;
  const rowOf = (
    source: Sql,
  ): Sql => sql`select ${stepOf("candidate.started_at")} as at, ${subject} as subject,
    coalesce(candidate.status / 100, -1) as class, candidate.outcome, candidate.started_at, candidate.duration_ms
    from ${source} and ${conditions(rest)}`;
  return joined(
    [
      sql`select ${stepOf("candidate.hour")} as at, ${subject} as subject, nullif(candidate.class, -1) as class,
        candidate.outcome, candidate.last, candidate.count, candidate.durations, null as slots
      from rollup as candidate where ${ofRollups(span)} and ${conditions(rest)}`,
      ...counted(besideRollups(span).map(rowOf), "max(started_at)", ""),
      ...counted(tooMany(span).map(rowOf), "null::bigint", "-"),
    ],
    " union all ",
  );
}

/** Rows by what they have in common, with their slots; how many they are has the sign. */
function counted(rows: readonly Sql[], last: string, sign: "" | "-"): readonly Sql[] {
  if (rows.length === 0) return [];
  return [
    sql`(select at, subject, nullif(class, -1) as class, outcome, ${text(last)} as last,
      ${text(sign)}count(*) as count, null::bytea as durations, ${text(slotsSql("duration_ms"))} as slots
    from (${joined(rows, " union all ")}) as one group by at, subject, class, outcome)`,
  ];
}
