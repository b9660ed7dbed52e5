import { endings, type Ending, type Exchange, type NewExchange } from "../../kernel/exchange.ts";
import { fulfils } from "./condition-oracle.ts";
import type { CountedState, CountStates, Find, Listed, Measure, Measured, Where } from "./ledger.ts";

/** The same questions answered by brute force over an array: what any engine must agree with. */

export type Asked = Omit<Listed, "number">;

/** The event that an exchange belongs to: its parent's, except that a duplicate is an event of its own. */
function isOwnEvent(row: NewExchange): boolean {
  return row.parent === null || row.ending === "duplicate";
}

export function endedOf(rows: readonly NewExchange[], row: NewExchange): Ending | null {
  if (row.ending !== null) return row.ending;
  const inWorkspace = rows.filter((other) => other.workspace === row.workspace);
  const own = inWorkspace.find((other) => carriesFor(other, row.id));
  if (own?.ending !== undefined) return own.ending;
  if (row.parent === null) return null;
  const parent = inWorkspace.find((other) => other.id === row.parent);
  const sibling = inWorkspace.find((other) => row.parent !== null && carriesFor(other, row.parent));
  return parent?.ending ?? sibling?.ending ?? null;
}

function carriesFor(row: NewExchange, event: string): boolean {
  return row.parent === event && row.attempt !== null && row.ending !== null && row.ending !== "duplicate";
}

function endsAs(rows: readonly NewExchange[], row: NewExchange, wanted: readonly Ending[]): boolean {
  if (row.ending !== null) return isOwnEvent(row) && wanted.includes(row.ending);
  const carrier = rows.find((other) => other.workspace === row.workspace && carriesFor(other, row.id));
  return carrier?.ending !== undefined && carrier.ending !== null && wanted.includes(carrier.ending);
}

function matches(row: NewExchange, where: Where): boolean {
  return [
    any(where.plane && [where.plane], row.plane),
    any(where.subjects, row.subject),
    any(where.kinds, row.kind),
    any(where.outcomes, row.outcome),
    any(where.statuses, row.status),
    any(where.errors, row.error),
    any(where.environment === undefined ? undefined : [where.environment], row.environment),
    any(where.buckets, row.bucket),
    where.from === undefined || row.startedAt >= where.from,
    where.to === undefined || row.startedAt < where.to,
    where.condition === undefined || fulfils(row, where.condition),
  ].every(Boolean);
}

function any<T>(wanted: readonly T[] | undefined, value: T | null): boolean {
  return wanted === undefined || (value !== null && wanted.includes(value));
}

export function newestFirst(a: Pick<Exchange, "startedAt" | "id">, b: Pick<Exchange, "startedAt" | "id">) {
  return b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1);
}

/** Every row that the query's `where` selects, newest first, regardless of its limit and cursor. */
export function findAll(rows: readonly NewExchange[], query: Pick<Find, "workspace" | "where">): Asked[] {
  const wanted = query.where.endings;
  return rows
    .filter((row) => row.workspace === query.workspace && matches(row, query.where))
    .filter((row) => wanted === undefined || endsAs(rows, row, wanted))
    .toSorted(newestFirst)
    .map((row) => ({ ...row, ended: endedOf(rows, row) }));
}

/** Measured groups in order of step, then subject. */
export function measureAll(rows: readonly NewExchange[], query: Measure): Measured[] {
  const { stepMs } = query;
  const atOf = (row: NewExchange) => (stepMs === undefined ? 0 : Math.floor(row.startedAt / stepMs) * stepMs);
  const steps = Map.groupBy(findAll(rows, query), atOf);
  const groups = [...steps].flatMap(([at, step]) =>
    [...Map.groupBy(step, (row) => (query.bySubject ? row.subject : ""))].map(([subject, group]) =>
      measured(at, subject, group),
    ),
  );
  return groups.toSorted(byStepAndSubject);
}

export function byStepAndSubject(a: Measured, b: Measured): number {
  return a.at - b.at || (a.subject < b.subject ? -1 : 1);
}

function measured(at: number, subject: string, group: readonly NewExchange[]): Measured {
  const durations = group.map((row) => row.durationMs).toSorted((a, b) => a - b);
  return {
    at,
    subject,
    count: group.length,
    classes: tally(group, (row) => (row.status === null ? "none" : `${Math.floor(row.status / 100)}xx`)),
    outcomes: tally(group, (row) => row.outcome),
    p50Ms: percentile(durations, 50),
    p95Ms: percentile(durations, 95),
    p99Ms: percentile(durations, 99),
    lastAt: Math.max(...group.map((row) => row.startedAt)),
  };
}

function tally(group: readonly NewExchange[], name: (row: NewExchange) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of group) counts[name(row)] = (counts[name(row)] ?? 0) + 1;
  return counts;
}

export function percentile(sorted: readonly number[], p: number): number {
  const rank = ((sorted.length - 1) * p) / 100;
  const low = sorted[Math.floor(rank)] ?? 0;
  const high = sorted[Math.ceil(rank)] ?? 0;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** Counts in order of subject, then state; of rows alone, which say nothing of what is open. */
export function countStatesAll(
  rows: readonly NewExchange[],
  query: Omit<CountStates, "jobs">,
): readonly CountedState[] {
  const events = rows.filter(
    (row) =>
      row.workspace === query.workspace &&
      query.kinds.includes(row.kind) &&
      (query.subjects === undefined || query.subjects.includes(row.subject)) &&
      row.receivedAt >= query.receivedFrom &&
      row.receivedAt < query.receivedTo,
  );
  const counts: CountedState[] = [];
  for (const subject of new Set(events.map((row) => row.subject)))
    for (const ending of endings) {
      const count = events.filter((row) => row.subject === subject && endsAs(rows, row, [ending])).length;
      if (count > 0) counts.push({ subject, state: ending, count });
    }
  return counts.toSorted(bySubjectAndState);
}

export function bySubjectAndState(a: CountedState, b: CountedState): number {
  const [left, right] = [`${a.subject} ${a.state}`, `${b.subject} ${b.state}`];
  return left < right ? -1 : Number(left > right);
}
