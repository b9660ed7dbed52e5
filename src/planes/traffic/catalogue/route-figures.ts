import type { SumQuery, Summed } from "../../../engines/ledger/ledger.ts";
import type { Context } from "../../../registry/context.ts";
import { isError, totalOf } from "../counted.ts";
import type { Window } from "../window.ts";
import { keyOf } from "./bucket-routes.ts";
import type { KeptCatalogue } from "./kept-catalogue.ts";
import type { OneBucket } from "./one-bucket.ts";

export type RouteFigures = {
  readonly requests: number;
  readonly errors: number;
  /** null without requests. */
  readonly p95Ms: number | null;
};

/** What was counted in a bucket, by the routes that its catalogue has. */
export type CountedRoutes = {
  /** By method and template, as `keyOf` has them. */
  of(key: string): Promise<RouteFigures>;
  /** Of all that is of no route, such as what scanners asked for. */
  readonly others: Pick<RouteFigures, "requests" | "errors">;
};

type Asking = Pick<Context, "ledger" | "workspace">;

export async function countedRoutes(
  { ledger, workspace }: Asking,
  { environment, name }: OneBucket,
  { routes, templates }: Pick<KeptCatalogue, "routes" | "templates">,
  window: Window,
): Promise<CountedRoutes> {
  const sum = (query: Pick<SumQuery, "by" | "only">): Promise<readonly Summed[]> =>
    ledger.sum({ workspace, where: { environment, buckets: [name], ...window }, ...query });
  const belongs = ({ method, route }: Pick<Summed, "method" | "route">): string => {
    const own = keyOf({ method, template: route });
    return routes.has(own) ? own : keyOf({ method, template: templates.place(route).template });
  };
  const [counts, times] = await Promise.all([
    sum({ by: ["method", "route", "status", "outcome"] }),
    sum({ by: ["method", "route"] }),
  ]);
  const byKey = Map.groupBy(counts, belongs);
  const timesByKey = Map.groupBy(times, belongs);
  const others = counts.filter((it) => !routes.has(belongs(it)));
  return {
    async of(key) {
      const own = timesByKey.get(key) ?? [];
      // Percentiles of several do not add up: they are asked for together.
      const [together] = own.length < 2 ? own : await sum({ by: [], only: (it) => belongs(it) === key });
      return { ...figuresOf(byKey.get(key) ?? []), p95Ms: together?.durations.percentile(95) ?? null };
    },
    others: figuresOf(others),
  };
}

function figuresOf(sums: readonly Summed[]): Pick<RouteFigures, "requests" | "errors"> {
  return {
    requests: totalOf(sums, ({ count }) => count),
    errors: totalOf(sums.filter(isError), ({ count }) => count),
  };
}
