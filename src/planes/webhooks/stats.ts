import { z } from "zod";
import type { Measured } from "../../engines/ledger/ledger.ts";
import type { Ending } from "../../kernel/exchange.ts";
import { accounted } from "../../registry/accounting.ts";
import type { Context } from "../../registry/context.ts";
import { deliverJob } from "./delivery.ts";

export const dayMs = 24 * 3_600_000;

export const Stats = z.object({
  received: z.int().describe("Requests in the last 24 h, rejected and duplicate ones included."),
  delivered: z.int(),
  failed: z.int(),
  rejected: z.int().describe("Rejections beyond 10 a minute are counted by account_for_webhooks alone."),
  duplicates: z.int(),
  redelivered: z.int().describe("Replays that were delivered."),
  pending: z.int().describe("Accepted and not yet delivered, of any age."),
  successRate: z
    .number()
    .nullable()
    .describe("delivered / (delivered + failed), 0 to 1; null without either."),
  p95Ms: z.number().nullable().describe("95th percentile of a delivery attempt's duration, within 1 %."),
  lastEventAt: z.iso.datetime().nullable(),
});

export type Stats = z.output<typeof Stats>;

const none: Stats = {
  received: 0,
  delivered: 0,
  failed: 0,
  rejected: 0,
  duplicates: 0,
  redelivered: 0,
  pending: 0,
  successRate: null,
  p95Ms: null,
  lastEventAt: null,
};

/** Figures of the last 24 hours of these endpoints, by id. */
export async function statsOf(context: Context, ids: readonly string[]): Promise<(id: string) => Stats> {
  if (ids.length === 0) return () => none;
  const { ledger, traffic, workspace, now } = context;
  const from = now - dayMs;
  const [events, attempts, replays, states, older] = await Promise.all([
    ledger.measure({ workspace, where: { subjects: ids, kinds: ["event"], from }, bySubject: true }),
    ledger.measure({ workspace, where: { subjects: ids, kinds: ["attempt"], from }, bySubject: true }),
    ledger.measure({ workspace, where: { subjects: ids, kinds: ["replay"], from }, bySubject: true }),
    ledger.countStates({
      workspace,
      kinds: accounted.kinds,
      jobs: accounted.jobs,
      subjects: ids,
      receivedFrom: from,
      receivedTo: Infinity,
    }),
    traffic.queue.countOpen({ workspace, names: [deliverJob], subjects: ids, receivedTo: from }),
  ]);
  const [received, attempted, replayed] = [bySubject(events), bySubject(attempts), bySubject(replays)];
  const counts = new Map(states.map(({ subject, state, count }) => [`${subject} ${state}`, count]));
  const became = (id: string, state: Ending | "open"): number => counts.get(`${id} ${state}`) ?? 0;
  return (id) => {
    const event = received.get(id);
    const [delivered, failed] = [became(id, "delivered"), became(id, "failed")];
    return {
      received: event?.count ?? 0,
      delivered,
      failed,
      rejected: became(id, "rejected"),
      duplicates: became(id, "duplicate"),
      redelivered: replayed.get(id)?.outcomes["delivered"] ?? 0,
      pending: became(id, "open") + (older.get(id) ?? 0),
      successRate: successRateOf(delivered, failed),
      p95Ms: roundOrNull(attempted.get(id)?.p95Ms),
      lastEventAt: event === undefined ? null : new Date(event.lastAt).toISOString(),
    };
  };
}

function bySubject(figures: readonly Measured[]): ReadonlyMap<string, Measured> {
  return new Map(figures.map((it) => [it.subject, it]));
}

/** What adds up over endpoints, added up. */
export function totalsOf(all: readonly Stats[]): Omit<Stats, "p95Ms" | "lastEventAt"> {
  const sum = (one: (stats: Stats) => number) => all.reduce((total, stats) => total + one(stats), 0);
  const [delivered, failed] = [sum((it) => it.delivered), sum((it) => it.failed)];
  return {
    received: sum((it) => it.received),
    delivered,
    failed,
    rejected: sum((it) => it.rejected),
    duplicates: sum((it) => it.duplicates),
    redelivered: sum((it) => it.redelivered),
    pending: sum((it) => it.pending),
    successRate: successRateOf(delivered, failed),
  };
}

function successRateOf(delivered: number, failed: number): number | null {
  return delivered + failed === 0 ? null : round(delivered / (delivered + failed), 4);
}

export function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}

function roundOrNull(value: number | undefined): number | null {
  return value === undefined ? null : round(value, 1);
}
