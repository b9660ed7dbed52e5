import { z } from "zod";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import type { EndpointRow } from "../endpoint.ts";
import { lineOf, LogLine } from "../log-view.ts";
import { dayMs, round, Stats, statsOf, totalsOf } from "../stats.ts";
import { visibleEndpoints } from "../visible-endpoints.ts";

const hourMs = 3_600_000;
const feedLength = 20;
const failingShown = 5;

const Hour = z.object({
  hour: z.iso.datetime(),
  received: z.int(),
  attempts: z.int(),
  delivered: z.int().describe("Delivery attempts that succeeded in this hour."),
  failed: z.int().describe("Delivery attempts that failed in this hour."),
  p95Ms: z.number().nullable().describe("Within 1 %."),
});

export const getDashboardSummary = read({
  name: "get_dashboard_summary",
  title: "Get the dashboard",
  does: "Answers the last 24 hours of all endpoints: totals, an hourly breakdown, the newest activity and the endpoints that fail most.",
  verb: "GET",
  path: "/dashboard/summary",
  scope: "dashboard:read",
  input: z.object({}),
  output: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    totals: Stats.omit({ lastEventAt: true, p95Ms: true }).extend({
      endpoints: z.int(),
      paused: z.int(),
    }),
    hourly: z.array(Hour).describe("Oldest first; hours without traffic are left out."),
    activity: z.array(LogLine.extend({ endpoint: z.string().nullable() })),
    topFailing: z.array(z.object({ id: z.string(), slug: z.string(), name: z.string(), stats: Stats })),
  }),
  async run(_input, context) {
    const { now } = context;
    const endpoints = await visibleEndpoints(context);
    const subjects = endpoints.map(({ id }) => id);
    const [stats, hourly, activity] = await Promise.all([
      statsOf(context, subjects),
      hours(context, subjects),
      feed(context, endpoints),
    ]);
    const listed = endpoints.map(({ id, value }) => ({
      id,
      slug: value.slug,
      name: value.name,
      stats: stats(id),
    }));
    return {
      from: new Date(now - dayMs).toISOString(),
      to: new Date(now).toISOString(),
      totals: {
        ...totalsOf(listed.map(({ stats: it }) => it)),
        endpoints: endpoints.length,
        paused: endpoints.filter(({ value }) => !value.isActive).length,
      },
      hourly,
      activity,
      topFailing: listed
        .filter(({ stats: it }) => it.failed > it.redelivered || (it.pending > 0 && it.successRate !== 1))
        .toSorted((a, b) => b.stats.failed - a.stats.failed || b.stats.pending - a.stats.pending)
        .slice(0, failingShown),
    };
  },
});

async function hours(
  { ledger, workspace, now }: Context,
  subjects: readonly string[],
): Promise<z.output<typeof Hour>[]> {
  const from = now - dayMs;
  const steps = { workspace, stepMs: hourMs, bySubject: false };
  const where = { plane: "webhooks", subjects, from } as const;
  const [events, attempts] = await Promise.all([
    ledger.measure({ ...steps, where: { ...where, kinds: ["event"] } }),
    ledger.measure({ ...steps, where: { ...where, kinds: ["attempt"] } }),
  ]);
  return hoursBetween(from, now).flatMap((at) => {
    const received = events.find((step) => step.at === at);
    const attempted = attempts.find((step) => step.at === at);
    if (received === undefined && attempted === undefined) return [];
    return {
      hour: new Date(at).toISOString(),
      received: received?.count ?? 0,
      attempts: attempted?.count ?? 0,
      delivered: attempted?.outcomes["delivered"] ?? 0,
      failed: attempted?.outcomes["failed"] ?? 0,
      p95Ms: attempted === undefined ? null : round(attempted.p95Ms, 1),
    };
  });
}

async function feed({ ledger, workspace, now }: Context, endpoints: readonly EndpointRow[]) {
  const slugs = new Map(endpoints.map(({ id, value }) => [id, value.slug]));
  const where = { subjects: [...slugs.keys()], kinds: ["event", "test", "handshake"], from: now - dayMs };
  const { rows } = await ledger.find({ workspace, where, limit: feedLength });
  return rows.map((row) => ({ ...lineOf(row, row.ended), endpoint: slugs.get(row.subject) ?? null }));
}

/** Starts of the hours that touch the window, oldest first. */
function hoursBetween(from: number, to: number): readonly number[] {
  const first = Math.floor(from / hourMs);
  return Array.from({ length: Math.floor(to / hourMs) - first + 1 }, (_, i) => (first + i) * hourMs);
}
