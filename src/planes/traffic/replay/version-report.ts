import { z } from "zod";
import { fitting } from "../../../kernel/page.ts";
import { redactedText, redactedValue, shownHeaders } from "../../../registry/redaction.ts";
import { kinds, type Difference } from "../analysis/answer-difference.ts";
import type { Outcome, RouteOutcome } from "./version-comparison.ts";

const examplesShown = 3;
const differencesShown = 10;
const placesShown = 20;

const Count = z.int().describe("Requests.");

const RouteReport = z.object({
  same: Count,
  different: Count,
  notCompared: Count,
  examples: z.array(
    z.object({
      requestId: z.string(),
      untrusted: z.object({
        differences: z.array(
          z.object({
            kind: z.enum(kinds),
            at: z.string().describe("`status`, `body`, a header, or a JSON Pointer into the body."),
            baseline: z.string().nullable(),
            candidate: z.string().nullable(),
          }),
        ),
      }),
    }),
  ),
  untrusted: z.object({
    method: z.string(),
    route: z.string(),
    volatile: z
      .array(z.string())
      .describe("Left out: the baseline itself answers otherwise each time there."),
  }),
});

/** What came of all requests, and of those of each route. */
export const Report = z.object({
  verdict: z.string(),
  same: Count,
  different: Count,
  notCompared: z.array(z.object({ reason: z.string(), requests: z.int() })),
  routes: z.array(RouteReport),
});

export type Report = z.output<typeof Report>;

/** The routes with the most differences first, as many as fit into an answer. */
export function reported(routes: readonly RouteOutcome[]): Report {
  const outcomes = routes.flatMap((it) => it.outcomes);
  const reasons = outcomes.flatMap((it) => (it.kind === "not compared" ? it.reason : []));
  return {
    verdict: verdictOf(routes, outcomes),
    same: countOf("same", outcomes),
    different: countOf("different", outcomes),
    notCompared: [...Map.groupBy(reasons, (it) => it)].map(([reason, { length }]) => ({
      reason,
      requests: length,
    })),
    routes: [...fitting(routes.toSorted(mostDifferentFirst).map(routeView))],
  };
}

function countOf(kind: Outcome["kind"], outcomes: readonly Outcome[]): number {
  return outcomes.filter((it) => it.kind === kind).length;
}

function mostDifferentFirst(a: RouteOutcome, b: RouteOutcome): number {
  return countOf("different", b.outcomes) - countOf("different", a.outcomes);
}

function routeView({ method: verb, route, outcomes, volatile }: RouteOutcome): z.output<typeof RouteReport> {
  return {
    same: countOf("same", outcomes),
    different: countOf("different", outcomes),
    notCompared: countOf("not compared", outcomes),
    examples: outcomes
      .flatMap((it) => (it.kind === "different" ? [it] : []))
      .slice(0, examplesShown)
      .map(({ exchange, differences }) => ({
        requestId: exchange.id,
        untrusted: { differences: differences.slice(0, differencesShown).map(differenceView) },
      })),
    untrusted: { method: verb, route, volatile: volatile.slice(0, placesShown) },
  };
}

function differenceView({ kind, at, first, second }: Difference) {
  const shown = (text: string | null): string | null => (text === null ? null : shownAt(at, kind, text));
  return { kind, at, baseline: shown(first), candidate: shown(second) };
}

/** What stands at a place, without the credentials that it is by its name, or by that of what it is in. */
function shownAt(at: string, kind: Difference["kind"], text: string): string {
  if (kind === "header") return shownHeaders([[at, text]])[0]?.value ?? "";
  const names = at.startsWith("/") ? at.slice(1).split("/") : [];
  const before = names.map((name) => `{${JSON.stringify(name)}:`).join("");
  const whole = redactedText(before + text + "}".repeat(names.length));
  return whole.startsWith(before) ? whole.slice(before.length, whole.length - names.length) : redactedValue;
}

function verdictOf(routes: readonly RouteOutcome[], outcomes: readonly Outcome[]): string {
  const different = countOf("different", outcomes);
  const compared = countOf("same", outcomes) + different;
  const left = outcomes.length - compared;
  const rest = left === 0 ? "" : ` ${left} could not be compared.`;
  if (outcomes.length === 0) return "No captured request is like this: ask for others.";
  if (compared === 0) return `Nothing was compared:${rest}`;
  if (different === 0) return `The candidate answers all ${compared} as the baseline does.${rest}`;
  const where = routes.filter((route) => countOf("different", route.outcomes) > 0).length;
  return `The candidate answers ${different} of ${compared} otherwise than the baseline, on ${where} of ${routes.length} routes.${rest}`;
}
