import { z } from "zod";
import { isConfined } from "../../../kernel/principal.ts";
import { cursorOf, fitting, keyOf, pageLimitMax } from "../../../kernel/page.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { endpoint } from "../endpoint.ts";
import { EndpointView, endpointView } from "../endpoint-view.ts";
import { Stats, statsOf } from "../stats.ts";
import { visibleEndpoints } from "../visible-endpoints.ts";

const Key = z.object({ createdAt: z.int(), id: z.string() });

export const listEndpoints = read({
  name: "list_endpoints",
  title: "List endpoints",
  does: "Lists the webhook endpoints, newest first, each with its figures of the last 24 hours.",
  verb: "GET",
  path: "/endpoints",
  scope: "endpoints:read",
  rows: "endpoints",
  input: z.object({
    cursor: z.string().max(500).optional().describe("nextCursor of the previous page."),
    limit: z.int().min(1).max(pageLimitMax).default(pageLimitMax),
  }),
  output: z.object({
    endpoints: z.array(EndpointView.extend({ stats: Stats })),
    total: z.int(),
    nextCursor: z.string().nullable(),
  }),
  async run({ cursor, limit }, context) {
    const { unit, principal, settings } = context;
    const { environment, buckets } = principal.confines;
    const rows = await unit.find(endpoint, {
      limit: limit + 1,
      ...(cursor !== undefined && { after: keyOf(cursor, Key) }),
      ...(environment !== undefined && { where: { environment } }),
    });
    const page = rows.slice(0, limit);
    const visible = page.filter(({ value }) => buckets === undefined || buckets.includes(value.bucket));
    const stats = await statsOf(
      context,
      visible.map(({ id }) => id),
    );
    const views = visible.map((row) => ({ ...endpointView(row, settings.publicUrl), stats: stats(row.id) }));
    const endpoints = [...fitting(views)];
    const isCut = endpoints.length < views.length;
    const last = isCut ? visible[endpoints.length - 1] : page.at(-1);
    return {
      endpoints,
      total: await totalOf(context),
      nextCursor:
        (isCut || rows.length > limit) && last !== undefined
          ? cursorOf({ createdAt: last.createdAt, id: last.id })
          : null,
    };
  },
});

async function totalOf(context: Context): Promise<number> {
  if (!isConfined(context.principal)) return context.unit.count(endpoint);
  return (await visibleEndpoints(context)).length;
}
