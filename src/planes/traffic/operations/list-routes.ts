import { z } from "zod";
import { cursorOf, fitting, keyOf as cursorKey } from "../../../kernel/page.ts";
import { read } from "../../../registry/operation.ts";
import { keyOf } from "../catalogue/bucket-routes.ts";
import { keptCatalogue, routeIdOf } from "../catalogue/kept-catalogue.ts";
import { oneBucket } from "../catalogue/one-bucket.ts";
import { countedRoutes } from "../catalogue/route-figures.ts";
import { origins } from "../catalogue/seen-route.ts";
import { rounded, WindowView, windowView } from "../counted.ts";
import { routeMeant } from "../requests.ts";
import { placeInput } from "../view.ts";
import { minutesOf, windowInput, windowOf } from "../window.ts";

const dayMs = 86_400_000;
const limitMax = 100;
const Key = z.object({ template: z.string(), method: z.string() });

export const listRoutes = read({
  name: "list_routes",
  title: "List routes",
  does: "Lists the routes of a bucket that traffic was seen on, learned from it where no framework named them, with figures of the last 24 hours.",
  verb: "GET",
  path: "/routes",
  scope: "traffic:read",
  // Agents have get_metrics and get_openapi: what one more tool says of itself would be read by every model.
  reach: "people",
  rows: "routes",
  input: z.object({
    ...placeInput,
    ...windowInput,
    path: z.string().min(1).max(500).optional(),
    cursor: z.string().max(10_000).optional(),
    limit: z.int().min(1).max(limitMax).default(50),
  }),
  output: z.object({
    environment: z.string(),
    bucket: z.string(),
    window: WindowView,
    routes: z.array(
      z.object({
        id: z.string(),
        from: z.enum(origins),
        firstSeen: z.iso.datetime(),
        lastSeen: z.iso.datetime(),
        requests: z.int(),
        errors: z.int(),
        errorRate: z.number().nullable(),
        p95Ms: z.number().nullable(),
        statuses: z.array(z.string()),
        untrusted: z.object({ method: z.string(), template: z.string(), clients: z.array(z.string()) }),
      }),
    ),
    others: z
      .object({ requests: z.int(), errors: z.int() })
      .describe("Of no route, such as what only scanners ask for."),
    nextCursor: z.string().nullable(),
  }),
  async run({ environment, bucket, path, cursor, limit, ...asked }, context) {
    const place = await oneBucket(context, { environment, bucket });
    const window = minutesOf(windowOf(asked, context.now, dayMs));
    const after = cursor === undefined ? undefined : cursorKey(cursor, Key);
    const kept = await keptCatalogue(context.store, context.workspace, place.id);
    const figures = await countedRoutes(context, place, kept, window);
    const meant = path === undefined ? undefined : routeMeant(path);
    const all = [...kept.routes.values()]
      .filter(({ template }) => meant?.(template) ?? true)
      .filter((it) => after === undefined || byTemplate(it, after) > 0)
      .toSorted(byTemplate);
    const rows = await Promise.all(
      all.slice(0, limit).map(async (route) => {
        const { requests, errors, p95Ms } = await figures.of(keyOf(route));
        const { method, template, from, firstAt, seenAt, answers, clients } = route;
        return {
          id: routeIdOf(route),
          from,
          firstSeen: new Date(firstAt).toISOString(),
          lastSeen: new Date(seenAt).toISOString(),
          requests,
          errors,
          errorRate: requests === 0 ? null : rounded(errors / requests, 6),
          p95Ms: p95Ms === null ? null : rounded(p95Ms),
          statuses: Object.keys(answers),
          untrusted: { method, template, clients: Object.keys(clients) },
        };
      }),
    );
    const routes = fitting(rows);
    const last = all[routes.length - 1];
    const more = routes.length < all.length && last !== undefined;
    return {
      environment: place.environment,
      bucket: place.name,
      window: windowView(window),
      routes: [...routes],
      others: { requests: figures.others.requests, errors: figures.others.errors },
      nextCursor: more ? cursorOf({ template: last.template, method: last.method }) : null,
    };
  },
});

type Named = z.output<typeof Key>;

function byTemplate(a: Named, b: Named): number {
  if (a.template !== b.template) return a.template < b.template ? -1 : 1;
  return a.method === b.method ? 0 : a.method < b.method ? -1 : 1;
}
