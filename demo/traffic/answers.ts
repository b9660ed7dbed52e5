// What the story reads of each answer; there is more in them, and it is left out here.
import { z } from "zod";

const Route = z.object({ method: z.string(), route: z.string() });

export const Created = z.object({ id: z.string(), type: z.string() });
export const Metrics = z.object({ requests: z.int(), errors: z.int(), averageMs: z.number().nullable() });
export const Throughput = z.object({ series: z.array(z.object({ requests: z.int() })) });
export const Times = z.object({
  overall: z.object({ p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number() }).nullable(),
});
export const Errors = z.object({
  groups: z.array(z.object({ count: z.int(), untrusted: Route.extend({ error: z.string().nullable() }) })),
});
export const Explained = z.object({
  explanations: z.array(
    z.object({
      share: z.number(),
      untrusted: z.object({
        terms: z.array(z.object({ dimension: z.string(), value: z.string() })),
        content: z.array(z.object({ feature: z.string(), amongFailed: z.number(), amongOthers: z.number() })),
      }),
    }),
  ),
});
export const Compared = z.object({
  verdict: z.string(),
  errorRate: z.object({ before: z.number(), after: z.number() }),
  mix: z.object({ fromMix: z.number(), fromRoutes: z.number() }),
  routes: z.array(z.object({ verdict: z.string(), untrusted: Route })),
});
export const Found = z.object({ requests: z.array(z.object({ id: z.string() })) });
export const Detail = z.object({
  markers: z.array(z.object({ untrusted: z.object({ name: z.string() }) })),
  untrusted: z.object({
    message: z.string().nullable(),
    exported: z.string().nullable(),
    request: z.object({ body: z.object({ text: z.string() }).nullable() }),
  }),
});
export const Rules = z.object({ redactions: z.array(z.object({ id: z.string() })) });
