import type { Ending, PlaneName } from "../kernel/exchange.ts";
import type { Engines } from "./engines.ts";

/**
 * What is accounted for: events of webhooks. One is received, and then has either an ending or an open job of this name.
 * The plane writes them, and others look whether all are there.
 */
export const accounted = {
  plane: "webhooks",
  kinds: ["event"],
  jobs: ["deliver"],
} as const satisfies { plane: PlaneName; kinds: readonly string[]; jobs: readonly string[] };

/** Cohorts of receipt; without subjects, of all endpoints, deleted ones included. */
export type Cohort = {
  readonly workspace: string;
  readonly subjects?: readonly string[] | undefined;
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
};

/** What was stored of a cohort, and what became of it. */
export type Account = {
  readonly received: number;
  /** By subject, for who is to be told of all that received any. */
  readonly subjects: readonly string[];
  readonly became: (state: Ending | "open") => number;
  /** Received less all that it became: other than 0 is a fault of this server, or a count while some was arriving. */
  readonly remainder: number;
};

const namedMax = 20;
const searchedMax = 100_000;
const pageSize = 1_000;

/** Adds up what is stored of a cohort, once. */
export async function accountOf(
  { ledger }: Pick<Engines, "ledger">,
  { workspace, subjects, from, to }: Cohort,
): Promise<Account> {
  const scoped = subjects === undefined ? {} : { subjects };
  const { plane, kinds, jobs } = accounted;
  const [events, states] = await Promise.all([
    ledger.measure({ workspace, where: { plane, kinds, ...scoped, from, to }, bySubject: true }),
    ledger.countStates({ workspace, kinds, jobs, ...scoped, receivedFrom: from, receivedTo: to }),
  ]);
  const received = sum(events.map(({ count }) => count));
  return {
    received,
    subjects: events.map(({ subject }) => subject),
    became: (state) => sum(states.filter((it) => it.state === state).map(({ count }) => count)),
    remainder: received - sum(states.map(({ count }) => count)),
  };
}

/** Events of a cohort with neither an ending nor an open job, newest first, at most 20. */
export async function unaccounted(
  { ledger, traffic }: Pick<Engines, "ledger" | "traffic">,
  cohort: Cohort,
): Promise<string[]> {
  const { workspace, subjects, from, to } = cohort;
  const scoped = subjects === undefined ? {} : { subjects };
  const { plane, kinds } = accounted;
  const missing: string[] = [];
  let after: { readonly startedAt: number; readonly id: string } | undefined;
  for (let searched = 0; searched < searchedMax && missing.length < namedMax; searched += pageSize) {
    const { rows } = await ledger.find({
      workspace,
      where: { plane, kinds, ...scoped, from, to },
      limit: pageSize,
      ...(after && { after }),
    });
    const unended = rows.filter(({ ended }) => ended === null);
    const first = unended.at(-1);
    if (first !== undefined) {
      const open = await openEvents(traffic, { ...cohort, from: first.receivedAt });
      missing.push(...unended.map(({ id }) => id).filter((id) => !open.has(id)));
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) break;
    after = { startedAt: last.startedAt, id: last.id };
  }
  return missing.slice(0, namedMax);
}

async function openEvents(
  { queue }: Engines["traffic"],
  { workspace, subjects, from, to }: Cohort,
): Promise<ReadonlySet<string>> {
  const open = new Set<string>();
  let after: { readonly receivedAt: number; readonly id: string } | undefined;
  while (open.size < searchedMax) {
    const jobs = await queue.open({
      workspace,
      names: accounted.jobs,
      ...(subjects && { subjects }),
      receivedFrom: from,
      receivedTo: to,
      limit: pageSize,
      ...(after && { after }),
    });
    for (const { exchange } of jobs) open.add(exchange);
    const last = jobs.at(-1);
    if (last === undefined || jobs.length < pageSize) break;
    after = { receivedAt: last.receivedAt, id: last.id };
  }
  return open;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
