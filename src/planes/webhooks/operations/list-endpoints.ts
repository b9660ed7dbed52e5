import { z } from "zod";
import { isConfined } from "../../../kernel/principal.ts";
import type { Context } from "../../../registry/context.ts";
import { newestFirst, nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";
import { endpoint } from "../endpoint.ts";
import { EndpointView, endpointView } from "../endpoint-view.ts";
import { Stats, statsOf } from "../stats.ts";
import { visibleEndpoints } from "../visible-endpoints.ts";

export const listEndpoints = read({
  name: "list_endpoints",
  title: "List endpoints",
  does: "Lists the webhook endpoints, newest first, each with its figures of the last 24 hours.",
  verb: "GET",
  path: "/endpoints",
  scope: "endpoints:read",
  rows: "endpoints",
  input: z.object(pageInput),
  output: z.object({
    endpoints: z.array(EndpointView.extend({ stats: Stats })),
    total: z.int(),
    nextCursor,
  }),
  async run(asked, context) {
    const { principal, settings } = context;
    const { environment, buckets } = principal.confines;
    const source = newestFirst(context, endpoint, {
      ...(environment !== undefined && { where: { environment } }),
      ...(buckets !== undefined && { isSeen: ({ value }) => buckets.includes(value.bucket) }),
    });
    const page = await pageOf(asked, source, async (rows) => {
      const stats = await statsOf(
        context,
        rows.map(({ id }) => id),
      );
      return rows.map((row) => ({ ...endpointView(row, settings.publicUrl), stats: stats(row.id) }));
    });
    return { endpoints: page.rows, total: await totalOf(context), nextCursor: page.nextCursor };
  },
});

async function totalOf(context: Context): Promise<number> {
  if (!isConfined(context.principal)) return context.unit.count(endpoint);
  return (await visibleEndpoints(context)).length;
}
