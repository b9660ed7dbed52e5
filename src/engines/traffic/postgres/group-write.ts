import { Failure } from "../../../kernel/failure.ts";
import type { CommitOrder } from "../../postgres/commit-order.ts";
import type { Param, Query } from "../../postgres/database.ts";
import { idOf, paramsOf, uuidOf, writtenColumns } from "../../postgres/exchange-row.ts";
import type { Partitions } from "../../postgres/partitions.ts";
import { codeOf } from "../../postgres/trouble.ts";
import { numberOf, type Row, textOf } from "../../stored/row.ts";
import { storableJson } from "../../stored/storable-json.ts";
import { type GroupContent, groupContent } from "./group-content.ts";
import { groupSummaries } from "./group-summaries.ts";
import { groupStatement } from "./group-statement.ts";
import { jobParams } from "./job-row.ts";
import type { Given, Numbers } from "./numbers.ts";
import type { Cancellation } from "../cancelling.ts";
import type { Entry } from "../traffic.ts";

/** An entry, or with `cancel` one that removes its job whoever has it, and records nothing when that is gone. */
export type JournalEntry = Omit<Entry, "finish"> & {
  readonly finish?: Entry["finish"] | Cancellation["finish"];
};

export type Written = {
  readonly kind: "committed" | "stale" | "duplicate" | "skipped";
  /** Of a duplicate: the exchange that took the key; "" when that entry had none. */
  readonly of: string;
  /** Short numbers of the entry's exchanges; undefined when they are not those that are stored. */
  readonly numbers: readonly (number | null)[] | undefined;
};

/** What it takes to write a group. */
export type GroupTerms = {
  readonly database: Query;
  readonly order: CommitOrder;
  readonly partitions: Partitions;
  readonly numbers: Numbers;
  readonly now: () => number;
  /** By the clock that leases go by. */
  readonly leaseNow: () => number;
};

export type Group = {
  readonly entries: readonly JournalEntry[];
  /** Which of the rows of a sum it adds to: no other group under way should use the same. */
  readonly slot: number;
  /** No other group of this node is under way. */
  readonly alone: boolean;
};

const triesMax = 3;
const clashed = new Set(["40001", "40P01"]);
const noPartition = "23514";

/** Writes a group as one transaction and says what became of each entry. @throws Failure unavailable */
export function groupWriter(terms: GroupTerms): (group: Group) => Promise<readonly Written[]> {
  const statement = groupStatement(terms.order);
  return async ({ entries, slot, alone }) => {
    const exchanges = entries.flatMap((entry) => entry.exchanges);
    const ids = exchanges.map((exchange) => exchange.id);
    const content = groupContent(exchanges);
    // Before anything else is awaited: groups get their numbers in the order they were sent.
    const given = await terms.numbers.give(needsOf(entries), alone);
    try {
      await terms.partitions.ensure(ids);
      const { params, numbers } = paramsFor({ entries, content, given });
      for (let tries = 1; ; tries++) {
        const now = [Math.trunc(terms.now()), Math.trunc(terms.leaseNow()), slot];
        const row = await terms.database
          .query(statement, [...now, ...params], "group")
          .then(([first]) => first, curedBy(terms.partitions, tries));
        if (row !== undefined) return writtenOf(entries, numbers, readAnswer(row));
        await terms.partitions.ensure(ids);
      }
    } finally {
      given.settle();
    }
  };
}

/** Answers undefined when the statement is worth another try, and throws when it is not. */
function curedBy(known: Partitions, tries: number): (error: unknown) => undefined {
  return (error) => {
    const code = codeOf(error instanceof Failure ? error.cause : error);
    if (tries === triesMax || (!clashed.has(code) && code !== noPartition)) throw error;
    if (code === noPartition) known.forget();
    return undefined;
  };
}

function needsOf(entries: readonly JournalEntry[]): ReadonlyMap<string, number> {
  const needs = new Map<string, number>();
  for (const { exchanges } of entries)
    for (const { workspace, attempt } of exchanges)
      if (attempt === null) needs.set(workspace, (needs.get(workspace) ?? 0) + 1);
  return needs;
}

type Parts = {
  readonly entries: readonly JournalEntry[];
  readonly content: GroupContent;
  readonly given: Given;
};

/** The parameters after the times and the slot, and the numbers as they are passed, by entry. */
function paramsFor({ entries, content, given }: Parts): {
  readonly params: readonly Param[];
  readonly numbers: readonly (readonly (number | null)[])[];
} {
  const terms: object[] = [];
  const exchanges: object[] = [];
  const jobs: object[] = [];
  const tallies: object[] = [];
  const summaries = groupSummaries(entries);
  const numbers = entries.map((entry, index) => {
    if (entry.unless !== undefined || entry.finish !== undefined) terms.push(termsOf(entry, index));
    const first = entry.exchanges[0];
    const from = { entry: index, ...(first && { first: uuidOf(first.id) }) };
    for (const job of entry.jobs) jobs.push({ ...from, place: jobs.length, ...jobParams(job) });
    for (const { key, amount } of entry.tally ?? []) tallies.push({ ...from, key, amount });
    return entry.exchanges.map((exchange, n) => {
      const number =
        exchange.attempt === null ? (given.numbers.get(exchange.workspace)?.shift() ?? null) : null;
      const place = content.places[exchanges.length];
      const row: Record<string, unknown> = { entry: index, place: exchanges.length, leads: n === 0, number };
      for (const [at, value] of paramsOf(exchange).entries()) row[writtenColumns[at] ?? ""] = value;
      if (place?.block === null) Object.assign(row, { content_at: place.at, content_bytes: place.bytes });
      else if (place !== undefined)
        Object.assign(row, { block: place.block, block_at: place.at, block_bytes: place.bytes });
      exchanges.push(row);
      return number;
    });
  });
  const lists = [terms, exchanges, jobs, tallies, content.blocks, given.allot].map(storableJson);
  return { params: [...lists, content.data, storableJson(summaries.rows), summaries.data], numbers };
}

function termsOf({ exchanges, unless, finish }: JournalEntry, entry: number): object {
  const first = exchanges[0];
  return {
    entry,
    ...(unless && { key: unless.key, expires_at: unless.expiresAt }),
    ...(unless && first && { exchange: uuidOf(first.id) }),
    ...(finish && { job: finish.job, kind: finish.then.kind }),
    ...(finish && "claim" in finish && { claim: finish.claim }),
    ...(finish?.then.kind === "retry" && {
      due_at: Math.trunc(finish.then.dueAt),
      attempt: finish.then.attempt,
      payload: finish.then.payload,
    }),
  };
}

type Answer = {
  readonly others: ReadonlyMap<number, { readonly kind: Written["kind"]; readonly of: string | null }>;
  readonly last: ReadonlyMap<string, number>;
  readonly written: number;
};

function readAnswer(row: Row): Answer {
  // Both are written by the statement itself.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const others = JSON.parse(textOf(row, "others")) as { entry: number; kind: Written["kind"]; of: string }[];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const last = JSON.parse(textOf(row, "numbers")) as Record<string, number>;
  return {
    others: new Map(others.map((it) => [it.entry, it])),
    last: new Map(Object.entries(last)),
    written: numberOf(row, "written"),
  };
}

function writtenOf(
  entries: readonly JournalEntry[],
  numbers: readonly (readonly (number | null)[])[],
  { others, last, written }: Answer,
): readonly Written[] {
  const kinds = entries.map((_, index) => others.get(index)?.kind ?? "committed");
  const expected = entries.map(({ exchanges }, index) => {
    if (kinds[index] === "skipped") return 0;
    return kinds[index] === "duplicate" ? Math.min(exchanges.length, 1) : exchanges.length;
  });
  // Some were there already, committed by a caller who was not answered, with the numbers they got then.
  const isAnew = expected.reduce((sum, count) => sum + count, 0) === written;
  return entries.map(({ exchanges }, index) => {
    const of = others.get(index)?.of ?? null;
    const own = exchanges.map(({ workspace }, n) => {
      const number = numbers[index]?.[n] ?? null;
      return number === null || number > 0 ? number : (last.get(workspace) ?? 0) + number;
    });
    return {
      kind: kinds[index] ?? "committed",
      of: of === null ? "" : idOf(of),
      numbers: isAnew ? own : undefined,
    };
  });
}
