import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { deliverJob } from "../delivery.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { EndpointView, endpointView } from "../endpoint-view.ts";
import { Stats, statsOf } from "../stats.ts";

export const getEndpoint = read({
  name: "get_endpoint",
  title: "Get an endpoint",
  does: "Answers one endpoint with its figures of the last 24 hours and what is waiting for delivery at this moment.",
  verb: "GET",
  path: "/endpoints/:endpointId",
  scope: "endpoints:read",
  input: z.object({ endpointId }),
  output: EndpointView.extend({
    stats: Stats,
    live: z.object({
      pending: z.int(),
      oldestPendingAt: z.iso.datetime().nullable(),
      nextAttemptAt: z.iso.datetime().nullable().describe("When the oldest pending delivery is due."),
    }),
  }),
  async run({ endpointId: id }, context) {
    const row = await endpointOf(context, id);
    const { traffic, workspace, settings } = context;
    const [stats, open] = await Promise.all([
      statsOf(context, [row.id]),
      traffic.queue.open({ workspace, names: [deliverJob], subjects: [row.id], limit: 1 }),
    ]);
    const oldest = open[0];
    return {
      ...endpointView(row, settings.publicUrl),
      stats: stats(row.id),
      live: {
        pending: stats(row.id).pending,
        oldestPendingAt: oldest === undefined ? null : new Date(oldest.receivedAt).toISOString(),
        nextAttemptAt: oldest === undefined ? null : new Date(oldest.dueAt).toISOString(),
      },
    };
  },
});
