import { z } from "zod";
import type { Context } from "../../registry/context.ts";
import { deliverJob } from "./delivery.ts";

export const dayMs = 24 * 3_600_000;

/** What is accounted for: tests are not. */
export const accountedKinds = ["event"];

export const Stats = z.object({
  received: z.int().describe("Requests in the last 24 h, rejected and duplicate ones included."),
  delivered: z.int(),
  failed: z.int(),
  redelivered: z.int().describe("Replays that were delivered."),
  pending: z.int().describe("Accepted and not yet delivered, of any age."),
  successRate: z
    .number()
    .nullable()
    .describe("delivered / (delivered + failed), 0 to 1; null without either."),
  p95Ms: z.number().nullable().describe("95th percentile of a delivery attempt's duration."),
  lastEventAt: z.iso.datetime().nullable(),
});

export type Stats = z.output<typeof Stats>;

const none: Stats = {
  received: 0,
  delivered: 0,
  failed: 0,
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
  const [events, attempts, replays, endings, open] = await Promise.all([
    ledger.measure({ workspace, where: { subjects: ids, kinds: ["event"], from }, bySubject: true }),
    ledger.measure({ workspace, where: { subjects: ids, kinds: ["attempt"], from }, bySubject: true }),
    ledger.measure({ workspace, where: { subjects: ids, kinds: ["replay"], from }, bySubject: true }),
    ledger.countEndings({
      workspace,
      kinds: accountedKinds,
      subjects: ids,
      receivedFrom: from,
      receivedTo: Infinity,
    }),
    traffic.queue.countOpen({ workspace, names: [deliverJob], subjects: ids }),
  ]);
  const ended = (id: string, ending: string): number =>
    endings.find((it) => it.subject === id && it.ending === ending)?.count ?? 0;
  return (id) => {
    const event = events.find(({ subject }) => subject === id);
    const delivered = ended(id, "delivered");
    const failed = ended(id, "failed");
    return {
      received: event?.count ?? 0,
      delivered,
      failed,
      redelivered: replays.find(({ subject }) => subject === id)?.outcomes["delivered"] ?? 0,
      pending: open.get(id) ?? 0,
      successRate: delivered + failed === 0 ? null : round(delivered / (delivered + failed), 4),
      p95Ms: roundOrNull(attempts.find(({ subject }) => subject === id)?.p95Ms),
      lastEventAt: event === undefined ? null : new Date(event.lastAt).toISOString(),
    };
  };
}

export function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}

function roundOrNull(value: number | undefined): number | null {
  return value === undefined ? null : round(value, 1);
}
