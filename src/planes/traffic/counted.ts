import { z } from "zod";
import type { Sum, Summed } from "../../engines/ledger/ledger.ts";
import { exactSum } from "../../kernel/exact-sum.ts";
import type { Context } from "../../registry/context.ts";
import { routeMeant } from "./requests.ts";
import { placeInput, viewOf } from "./view.ts";
import { minutesOf, windowInput, windowOf, type Window } from "./window.ts";

const dayMs = 86_400_000;

/** Which part of what was counted is asked for. */
export const countedInput = {
  ...placeInput,
  ...windowInput,
  path: z.string().min(1).max(500).optional().describe("Route or path, with `*`."),
};

export const WindowView = z
  .object({ from: z.iso.datetime(), to: z.iso.datetime() })
  .describe("Whole minutes that were added up.");

/** What each figure of traffic has. */
export const Figures = z.object({
  requests: z.int(),
  errors: z.int().describe("Answered 4xx or 5xx, or failed."),
  averageMs: z.number().nullable().describe("null without requests."),
});

/** What was counted under keys that were asked by; the others say nothing. */
export type Counted = Omit<Summed, "method" | "route" | "outcome" | "class"> & {
  readonly method: string;
  readonly route: string;
  readonly outcome: string;
  /** Hundreds of the status; 0 where there was no answer. */
  readonly class: number;
};

export type CountedInput = z.output<z.ZodObject<typeof countedInput>>;

/** What was counted of all requests, whether recorded or not. @throws Failure as `viewOf` and `windowOf` say */
export async function counted(
  asked: CountedInput,
  context: Context,
  query: (window: Window) => Pick<Sum, "by" | "stepMs">,
): Promise<{ readonly window: Window; readonly stepMs: number; readonly sums: readonly Counted[] }> {
  const view = await viewOf(context, asked);
  const window = minutesOf(windowOf(asked, context.now, dayMs));
  const { by, stepMs } = query(window);
  const meant = asked.path === undefined ? undefined : routeMeant(asked.path);
  const { workspace, ledger } = context;
  const sums =
    view.subjects.length === 0
      ? []
      : await ledger.sum({
          workspace,
          where: {
            ...window,
            ...(view.environment !== undefined && { environment: view.environment }),
            ...(view.buckets !== undefined && { buckets: view.buckets }),
          },
          by,
          ...(stepMs !== undefined && { stepMs }),
          ...(meant && { only: ({ route }) => meant(route) }),
        });
  const told = { method: "", route: "", outcome: "", class: 0 };
  return {
    window,
    stepMs: stepMs ?? window.to - window.from,
    sums: sums.map((sum) => ({ ...told, ...sum })),
  };
}

export function windowView({ from, to }: Window): z.output<typeof WindowView> {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** `5xx` and so on; `none` where there was no answer. */
export function nameOf({ class: hundreds }: Pick<Counted, "class">): string {
  return hundreds === 0 ? "none" : `${hundreds}xx`;
}

export function isError(sum: Pick<Counted, "class" | "outcome">): boolean {
  return sum.class >= 4 || sum.outcome === "failed";
}

export function figuresOf(sums: readonly Counted[]): z.output<typeof Figures> {
  const requests = totalOf(sums, ({ count }) => count);
  return {
    requests,
    errors: totalOf(sums.filter(isError), ({ count }) => count),
    averageMs: requests === 0 ? null : rounded(totalOf(sums, ({ durationMs }) => durationMs) / requests),
  };
}

/** Up to what numbers are exact to, and that beyond. */
export function totalOf(sums: readonly Counted[], one: (sum: Counted) => number): number {
  return sums.reduce((total, sum) => exactSum(total, one(sum)), 0);
}

export function rounded(value: number, places = 2): number {
  return Number(value.toFixed(places));
}

/** By a key, in the order in which keys come first. */
export function byKey(
  sums: readonly Counted[],
  key: (sum: Counted) => string,
): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const sum of sums) counts.set(key(sum), exactSum(counts.get(key(sum)) ?? 0, sum.count));
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
