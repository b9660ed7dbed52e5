import { z } from "zod";
import type { Condition, Listed, Where } from "../../../engines/ledger/ledger.ts";
import type { Exchange } from "../../../kernel/exchange.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { bytesOf, columns } from "../analysis/attributes.ts";
import { explained, type Explained, type Explanation, type Standing, type Term } from "../analysis/excess.ts";
import { tellingFeatures, type Feature } from "../analysis/payload.ts";
import { isTold, narrowedByPayload, shownTerm } from "../analysis/payload-excess.ts";
import { also, contentOf, sampleOf, type Side } from "../analysis/sample.ts";
import { counted, rounded, totalOf, WindowView, windowView } from "../counted.ts";
import { faulty } from "../fault.ts";
import { placeInput, viewOf, type View } from "../view.ts";
import { windowInput, windowOf, type Window } from "../window.ts";

const hourMs = 3_600_000;
const examplesShown = 3;
const contentRows = 100;
/** Pages of so many rows, where the ledger finds more than what is told by all terms. */
const contentPagesMax = 10;

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
    const question = { view, asked, fault };
    const [now, then] = await Promise.all([
      sidesOf(question, window, context),
      sidesOf(question, before, context),
    ]);
    const observations = {
      errors: now.errors.sampled.observed,
      errorsBefore: then.errors.sampled.observed,
      requests: now.requests.sampled.observed,
      requestsBefore: then.requests.sampled.observed,
    };
    const { explanations, ...whole } = explained(observations);
    const best = whole.isMore
      ? narrowedByPayload(explanations, observations, {
          errors: await contentOf(context, now.errors),
          errorsBefore: await contentOf(context, then.errors),
          requests: await contentOf(context, now.requests),
          requestsBefore: await contentOf(context, then.requests),
        })
      : [];
    const told = await Promise.all(
      best.map((it) => toldOf(it, { ...placeOf(view), ...window }, fault, context)),
    );
    return {
      window: windowView(window),
      before: windowView(before),
      ...partOf(whole),
      verdict: verdictOf(whole, then.requests.sampled.observed.length),
      explanations: told,
      sampled: !now.requests.sampled.isWhole || !then.requests.sampled.isWhole,
    };
  },
});

type Asked = { readonly environment?: string | undefined; readonly bucket?: string | undefined };
type Question = { readonly view: View; readonly asked: Asked; readonly fault: Condition };

/** The errors of a window, and all of its requests. */
async function sidesOf(
  { view, asked, fault }: Question,
  within: Window,
  context: Context,
): Promise<Readonly<Record<"errors" | "requests", Side>>> {
  const where = { ...placeOf(view), ...within };
  const faults = { ...also(where, fault), ...within };
  const total = await requestsIn(context, asked, within);
  return {
    errors: { where: faults, sampled: await sampleOf(context, faults, undefined) },
    requests: { where, sampled: await sampleOf(context, where, total) },
  };
}

/** Fewer requests before tell nothing of what is usual. */
const requestsMin = 30;

function verdictOf(
  { requests, isMore }: Omit<Explained, "explanations">,
  before: number,
): z.output<typeof Verdict> {
  if (before < requestsMin || requests < requestsMin) return "too few requests";
  return isMore ? "more errors" : "no more errors than before";
}

function placeOf(view: View): Where {
  return {
    plane: "traffic",
    subjects: view.subjects,
    kinds: ["request"],
  };
}

/** Of all requests, recorded or not. The minutes that the window only touches count in part. */
async function requestsIn(context: Context, asked: Asked, { from, to }: Window): Promise<number | undefined> {
  const within = { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
  const { sums, window } = await counted({ ...asked, ...within }, context, () => ({ by: [] }));
  const count = totalOf(sums, (sum) => sum.count);
  return count === 0 ? undefined : (count * (to - from)) / (window.to - window.from);
}

async function toldOf(it: Explanation, where: Where, fault: Condition, context: Context) {
  const part = also(where, { all: it.terms.flatMap(conditionsOf) });
  const [failed, others] = await Promise.all(
    [fault, { not: fault }].map(async (condition) => rowsOf(it.terms, also(part, condition), context)),
  );
  return {
    ...partOf(it),
    share: rounded(it.share, 4),
    isNew: it.isNew,
    examples: (failed ?? []).slice(0, examplesShown).map(({ id }) => id),
    untrusted: {
      terms: it.terms.map(shownTerm),
      content: tellingFeatures(failed ?? [], others ?? []).map(featureOf),
    },
  };
}

/** The newest that are told by the terms, of as many as may be looked at. */
async function rowsOf(
  terms: readonly Term[],
  where: Where,
  { ledger, workspace, signal }: Context,
): Promise<readonly Exchange[]> {
  const told: Exchange[] = [];
  let after: Listed | undefined;
  for (let page = 0; page < contentPagesMax && told.length < contentRows && !signal.aborted; page++) {
    const { rows } = await ledger.find({
      workspace,
      where,
      limit: contentRows,
      content: true,
      ...(after && { after }),
    });
    told.push(...rows.filter((row) => isTold(row, terms)));
    after = rows.at(-1);
    if (rows.length < contentRows) break;
  }
  return told.slice(0, contentRows);
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

/** What the ledger can look for of a term: for what it cannot, it finds more. */
function conditionsOf({ dimension, value }: Term): readonly Condition[] {
  if (dimension === "route") return [routeIs(value)];
  if (dimension === "client") return [{ field: "facts.userAgent", like: `${value.slice(0, 200)}*` }];
  if (dimension === "requestSize") return [{ field: "facts.requestBytes", ...bytesOf(value) }];
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
