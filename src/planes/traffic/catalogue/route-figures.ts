import type { CallSeries, Sum, Summed } from "../../../engines/ledger/ledger.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { isError } from "../counted.ts";
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
  readonly others: RouteFigures;
};

type Asking = Pick<Context, "ledger" | "workspace">;
type Kept = Pick<KeptCatalogue, "routes" | "templates">;

/** @param window whole minutes */
export async function countedRoutes(
  { ledger, workspace }: Asking,
  { environment, name }: OneBucket,
  kept: Kept,
  window: Window,
): Promise<CountedRoutes> {
  const where = { environment, buckets: [name], ...window };
  const sum = (query: Pick<Sum, "by" | "only">) => ledger.sum({ workspace, where, ...query });
  const sumOf = async (only: (series: CallSeries) => boolean): Promise<RouteFigures> => {
    const [counts, [whole]] = await Promise.all([
      sum({ by: ["class", "outcome"], only }),
      sum({ by: [], only }),
    ]);
    return figuresOf(counts, whole);
  };
  const grouped = await byRoute(sum).catch(tooMany);
  const counts = Map.groupBy(grouped?.counts ?? [], (it) => belongs(it, kept));
  const times = Map.groupBy(grouped?.times ?? [], (it) => belongs(it, kept));
  return {
    async of(key) {
      const [first, ...more] = times.get(key) ?? [];
      // Percentiles of several do not add up: they are asked for together.
      if (grouped === undefined || more.length > 0) return sumOf((series) => belongs(series, kept) === key);
      return figuresOf(counts.get(key) ?? [], first);
    },
    others: await sumOf((series) => !kept.routes.has(belongs(series, kept))),
  };
}

async function byRoute(sum: (query: Pick<Sum, "by">) => Promise<readonly Summed[]>) {
  const [counts, times] = await Promise.all([
    sum({ by: ["method", "route", "class", "outcome"] }),
    sum({ by: ["method", "route"] }),
  ]);
  return { counts, times };
}

/** Where nothing is learned of what varies in paths, there are more than can be told one by one. */
function tooMany(error: unknown): undefined {
  if (!(error instanceof Failure) || error.kind !== "too_large") throw error;
}

function belongs({ method = "", route = "" }: Partial<CallSeries>, { routes, templates }: Kept): string {
  const own = keyOf({ method, template: route });
  return routes.has(own) ? own : keyOf({ method, template: templates.place(route).template });
}

function figuresOf(counts: readonly Summed[], whole: Summed | undefined): RouteFigures {
  const errors = counts.filter((it) => isError({ outcome: "", class: 0, ...it }));
  return {
    requests: total(counts),
    errors: total(errors),
    p95Ms: whole?.durations.percentile(95) ?? null,
  };
}

function total(list: readonly Summed[]): number {
  return list.reduce((sum, { count }) => sum + count, 0);
}
