import { z } from "zod";
import type { Condition, Where } from "../../../engines/ledger/ledger.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { columns } from "../analysis/attributes.ts";
import { explained, type Explanation, type Standing, type Term } from "../analysis/excess.ts";
import { tellingFeatures, type Feature } from "../analysis/payload.ts";
import { also, sampleOf } from "../analysis/sample.ts";
import { counted, rounded, totalOf, WindowView, windowView } from "../counted.ts";
import { faulty } from "../fault.ts";
import { placeInput, viewOf, type View } from "../view.ts";
import { windowInput, windowOf, type Window } from "../window.ts";

const hourMs = 3_600_000;
const examplesShown = 3;
const contentRows = 100;

const Part = z.object({
  errors: z.number(),
  requests: z.number(),
  rate: z.number().describe("Errors a request in the window."),
  rateBefore: z.number(),
  excess: z.number().describe("Errors beyond those that the rate before would have made."),
});
const Share = z.number().describe("0 to 1.");

const Verdict = z.enum(["more errors", "no more errors than before", "too few requests"]);

export const explainErrors = read({
  name: "explain_errors",
  title: "Explain errors",
  does: "Names the fewest attributes together, such as a route and a user agent, that explain why there were more errors than before, each with its share of the excess. Compares the last hour with the hour before unless told otherwise.",
  verb: "GET",
  path: "/errors/explanations",
  scope: "traffic:read",
  input: z.object({
    ...placeInput,
    ...windowInput,
    baseline: windowInput.since.describe("Start of the time compared with; it ends where the window begins."),
    serverErrorsOnly: z.boolean().default(false).describe("Leave out 4xx."),
  }),
  output: Part.extend({
    window: WindowView,
    before: WindowView,
    verdict: Verdict,
    explanations: z.array(
      Part.extend({
        share: Share.describe("Of the whole excess, 0 to 1."),
        isNew: z
          .boolean()
          .describe("There was none of it before: it came with the window, and need not be what is wrong."),
        examples: z.array(z.string()).describe("Ids of requests."),
        untrusted: z.object({
          terms: z
            .array(z.object({ dimension: z.string(), value: z.string() }))
            .describe("All of them together."),
          content: z
            .array(z.object({ feature: z.string(), amongFailed: Share, amongOthers: Share }))
            .describe("What requests that failed have more or less often than others of this part."),
        }),
      }),
    ),
    sampled: z.boolean().describe("true = requests that did not fail were sampled."),
  }),
  async run({ baseline, serverErrorsOnly, ...asked }, context) {
    const view = await viewOf(context, asked);
    const window = windowOf(asked, context.now, hourMs);
    const before = windowOf(
      { since: baseline, until: new Date(window.from).toISOString() },
      context.now,
      window.to - window.from,
    );
    const fault: Condition = serverErrorsOnly
      ? {
          any: [
            { field: "status", atLeast: 500 },
            { field: "outcome", is: ["failed"] },
          ],
        }
      : faulty;
    const [now, then] = await Promise.all(
      [window, before].map(async (within) => {
        const where = { ...placeOf(view), ...within };
        const total = await requestsIn(context, asked, within);
        const [errors, requests] = [
          await sampleOf(context, { ...also(where, fault), ...within }, undefined),
          await sampleOf(context, where, total),
        ];
        return { errors, requests };
      }),
    );
    if (now === undefined || then === undefined) throw new Error("two windows were asked for");
    const { explanations, ...whole } = explained({
      errors: now.errors.observed,
      errorsBefore: then.errors.observed,
      requests: now.requests.observed,
      requestsBefore: then.requests.observed,
    });
    const told = await Promise.all(
      explanations.map((it) => toldOf(it, { ...placeOf(view), ...window }, fault, context)),
    );
    return {
      window: windowView(window),
      before: windowView(before),
      ...partOf(whole),
      verdict: verdictOf(whole, told.length, then.requests.observed.length),
      explanations: told,
      sampled: !now.requests.isWhole || !then.requests.isWhole,
    };
  },
});

/** Fewer requests before tell nothing of what is usual. */
const requestsMin = 30;

function verdictOf(whole: Standing, explanations: number, before: number): z.output<typeof Verdict> {
  if (before < requestsMin || whole.requests < requestsMin) return "too few requests";
  return explanations > 0 ? "more errors" : "no more errors than before";
}

function placeOf(view: View): Where {
  return {
    plane: "traffic",
    subjects: view.subjects,
    kinds: ["request"],
  };
}

/** Of all requests, recorded or not. The minutes that the window only touches count in part. */
async function requestsIn(
  context: Context,
  asked: { readonly environment?: string | undefined; readonly bucket?: string | undefined },
  { from, to }: Window,
): Promise<number | undefined> {
  const within = { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
  const { sums, window } = await counted({ ...asked, ...within }, context, () => ({ by: [] }));
  const count = totalOf(sums, (sum) => sum.count);
  return count === 0 ? undefined : (count * (to - from)) / (window.to - window.from);
}

async function toldOf(it: Explanation, where: Where, fault: Condition, context: Context) {
  const { ledger, workspace } = context;
  const part = also(where, { all: it.terms.flatMap(conditionsOf) });
  const [failed, others] = await Promise.all(
    [fault, { not: fault }].map(async (condition) => {
      const found = await ledger.find({
        workspace,
        where: also(part, condition),
        limit: contentRows,
        content: true,
      });
      return found.rows;
    }),
  );
  return {
    ...partOf(it),
    share: rounded(it.share, 4),
    isNew: it.isNew,
    examples: (failed ?? []).slice(0, examplesShown).map(({ id }) => id),
    untrusted: {
      terms: [...it.terms],
      content: tellingFeatures(failed ?? [], others ?? []).map(featureOf),
    },
  };
}

function featureOf({ feature, among }: Feature) {
  return { feature, amongFailed: rounded(among.failed, 3), amongOthers: rounded(among.others, 3) };
}

function partOf({ errors, requests, rate, rateBefore, excess }: Standing): z.output<typeof Part> {
  return {
    errors: rounded(errors),
    requests: Math.round(requests),
    rate: rounded(rate, 6),
    rateBefore: rounded(rateBefore, 6),
    excess: rounded(excess, 1),
  };
}

/** What the ledger can look for of a term: for what it cannot, examples are wider than the part. */
function conditionsOf({ dimension, value }: Term): readonly Condition[] {
  if (dimension === "route") return [routeIs(value)];
  if (dimension === "client") return [{ field: "facts.userAgent", like: `${value.slice(0, 200)}*` }];
  const field = columns[dimension];
  return field === undefined ? [] : [{ field, is: [value] }];
}

/** The framework's template, or where there was none the path with what is open in it standing for anything. */
function routeIs(value: string): Condition {
  const [method, route] = [value.slice(0, value.indexOf(" ")), value.slice(value.indexOf(" ") + 1)];
  const open = route.replaceAll(/\{[^}]*\}/g, "*");
  // Patterns are bounded: what has more open parts is looked for by its beginning.
  const like = open.split("*").length > 7 ? `${open.split("*").slice(0, 6).join("*")}*` : open;
  return {
    all: [
      { field: "method", is: [method] },
      {
        any: [
          { field: "route", is: [route] },
          {
            all: [
              { field: "route", is: [""] },
              {
                any: [
                  { field: "path", like },
                  { field: "path", like: `${like}?*` },
                ],
              },
            ],
          },
        ],
      },
    ],
  };
}
