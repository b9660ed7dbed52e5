import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { endpoint } from "../endpoint.ts";
import { lineOf, LogLine } from "../log-view.ts";
import { dayMs, endingKinds, round, Stats, statsOf } from "../stats.ts";

const hourMs = 3_600_000;
const feedLength = 20;
const failingShown = 5;
const endpointsMax = 1_000;

const Hour = z.object({
  hour: z.iso.datetime(),
  received: z.int(),
  attempts: z.int(),
  delivered: z.int().describe("Delivery attempts that succeeded in this hour."),
  failed: z.int().describe("Delivery attempts that failed in this hour."),
  p95Ms: z.number().nullable(),
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
      rejected: z.int(),
      duplicates: z.int(),
      endpoints: z.int(),
      paused: z.int(),
    }),
    hourly: z.array(Hour),
    activity: z.array(LogLine.extend({ endpoint: z.string().nullable() })),
    topFailing: z.array(z.object({ id: z.string(), slug: z.string(), name: z.string(), stats: Stats })),
  }),
  async run(_input, context) {
    const { ledger, workspace, unit, now, principal } = context;
    const { environment, buckets } = principal.confines;
    const rows = await unit.find(endpoint, {
      limit: endpointsMax,
      ...(environment !== undefined && { where: { environment } }),
    });
    const visible = rows.filter(({ value }) => buckets === undefined || buckets.includes(value.bucket));
    const subjects = visible.map(({ id }) => id);
    const from = now - dayMs;
    const confined = {
      ...(environment !== undefined && { environment }),
      ...(buckets !== undefined && { buckets }),
    };
    const where = { plane: "webhooks", subjects, from, ...confined } as const;
    const [stats, events, attempts, endings, feed] = await Promise.all([
      statsOf(context, subjects),
      ledger.measure({ workspace, where: { ...where, kinds: ["event"] }, stepMs: hourMs, bySubject: false }),
      ledger.measure({
        workspace,
        where: { ...where, kinds: ["attempt"] },
        stepMs: hourMs,
        bySubject: false,
      }),
      ledger.countEndings({
        workspace,
        kinds: endingKinds,
        subjects,
        receivedFrom: from,
        receivedTo: Infinity,
      }),
      ledger.find({
        workspace,
        where: { ...where, kinds: ["event", "test", "handshake"] },
        limit: feedLength,
      }),
    ]);
    const slugs = new Map(visible.map(({ id, value }) => [id, value.slug]));
    const ended = (ending: string): number =>
      endings.filter((it) => it.ending === ending).reduce((sum, { count }) => sum + count, 0);
    const delivered = ended("delivered");
    const failed = ended("failed");
    return {
      from: new Date(from).toISOString(),
      to: new Date(now).toISOString(),
      totals: {
        received: events.reduce((sum, { count }) => sum + count, 0),
        delivered,
        failed,
        pending: subjects.reduce((sum, id) => sum + stats(id).pending, 0),
        successRate: delivered + failed === 0 ? null : round(delivered / (delivered + failed), 4),
        rejected: ended("rejected"),
        duplicates: ended("duplicate"),
        endpoints: visible.length,
        paused: visible.filter(({ value }) => !value.isActive).length,
      },
      hourly: hoursBetween(from, now).map((at) => {
        const attempted = attempts.find((step) => step.at === at);
        return {
          hour: new Date(at).toISOString(),
          received: events.find((step) => step.at === at)?.count ?? 0,
          attempts: attempted?.count ?? 0,
          delivered: attempted?.outcomes["delivered"] ?? 0,
          failed: attempted?.outcomes["failed"] ?? 0,
          p95Ms: attempted === undefined ? null : round(attempted.p95Ms, 1),
        };
      }),
      activity: feed.rows.map((row) => ({
        ...lineOf(row, row.ended),
        endpoint: slugs.get(row.subject) ?? null,
      })),
      topFailing: visible
        .map(({ id, value }) => ({ id, slug: value.slug, name: value.name, stats: stats(id) }))
        .filter((it) => it.stats.failed > 0 || (it.stats.pending > 0 && it.stats.successRate !== 1))
        .toSorted((a, b) => b.stats.failed - a.stats.failed || b.stats.pending - a.stats.pending)
        .slice(0, failingShown),
    };
  },
});

/** Starts of the hours that touch the window, oldest first. */
function hoursBetween(from: number, to: number): readonly number[] {
  const first = Math.floor(from / hourMs);
  return Array.from({ length: Math.floor(to / hourMs) - first + 1 }, (_, i) => (first + i) * hourMs);
}
