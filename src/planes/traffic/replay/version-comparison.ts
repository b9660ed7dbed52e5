import type { Exchange } from "../../../kernel/exchange.ts";
import { differencesOf, steady, type Difference } from "../analysis/answer-difference.ts";
import type { Answered } from "../analysis/signature.ts";
import { routeOf } from "../fault.ts";
import type { RedactedValues } from "./redacted-values.ts";
import type { Reply, Sender } from "./sender.ts";
import type { Versions } from "./replay-target.ts";
import { routeKeyOf, type Sample } from "./version-samples.ts";

/** Requests that are under way at the same time. */
const concurrency = 4;
/** Of each request: the baseline before and after the candidate, so that what changes in between is known. */
export const sendsEach = 3;

/** What came of one request; `reason` says why it could not be compared. */
export type Outcome = { readonly exchange: Exchange } & (
  | { readonly kind: "same" }
  | { readonly kind: "different"; readonly differences: readonly Difference[] }
  | { readonly kind: "not compared"; readonly reason: string }
);

/** Of the requests of one route, in their order. */
export type RouteOutcome = {
  readonly method: string;
  readonly route: string;
  readonly outcomes: readonly Outcome[];
  /** Places at which answers of the baseline differ from each other, which were left out. */
  readonly volatile: readonly string[];
};

type Asked =
  | { readonly exchange: Exchange; readonly reason: string }
  | {
      readonly exchange: Exchange;
      /** Between the two answers of the baseline. */
      readonly volatile: readonly Difference[];
      /** Between the baseline and the candidate. */
      readonly differences: readonly Difference[];
    };

/** Sends each request to both versions, and tells by route how the candidate answers otherwise than the baseline. */
export async function comparedVersions(
  samples: readonly Sample[],
  versions: Versions,
  values: RedactedValues,
  sender: Sender,
): Promise<readonly RouteOutcome[]> {
  const asked = new Map<Sample, Asked>();
  const left = samples.values();
  const work = async (): Promise<void> => {
    for (const one of left) asked.set(one, await askedOf(one, versions, values, sender));
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return byRoute(samples.flatMap((one) => asked.get(one) ?? []));
}

/** What came of requests, or is known of them beforehand, by route. */
export function byRoute(asked: readonly Asked[]): readonly RouteOutcome[] {
  return [...Map.groupBy(asked, ({ exchange }) => routeKeyOf(exchange)).values()].flatMap(routeOutcome);
}

async function askedOf(
  one: Sample,
  { baseline, candidate }: Versions,
  values: RedactedValues,
  sender: Sender,
): Promise<Asked> {
  const { exchange, unfit } = one;
  if (unfit !== null) return { exchange, reason: unfit };
  const filled = values.filledIn(one);
  const ask = async (version: URL): Promise<Reply> => {
    const reply = await sender.send(filled.exchange, filled.request, version);
    return reply.kind === "answered"
      ? { ...values.hiddenIn(withoutOrigin(reply, version)), kind: "answered", isWhole: reply.isWhole }
      : reply;
  };
  const first = await ask(baseline);
  if (first.kind !== "answered") return { exchange, reason: reasonOf("baseline", first) };
  const second = await ask(candidate);
  if (second.kind === "unreached" || second.kind === "used up")
    return { exchange, reason: reasonOf("candidate", second) };
  const again = await ask(baseline);
  if (again.kind !== "answered") return { exchange, reason: reasonOf("baseline", again) };
  if (first.status !== again.status)
    return { exchange, reason: "the baseline answers it now with one status and now with another" };
  if (second.kind === "unanswered")
    return { exchange, volatile: [], differences: [noAnswer(first, second.message)] };
  if (first.status === second.status && !(first.isWhole && second.isWhole && again.isWhole))
    return { exchange, reason: "an answer is too large" };
  return { exchange, volatile: differencesOf(first, again), differences: differencesOf(first, second) };
}

function reasonOf(version: keyof Versions, { kind }: Reply): string {
  if (kind === "used up") return "not sent: there was no more time, or the call was cancelled";
  return kind === "unreached" ? `the ${version} was not reached` : `the ${version} did not answer`;
}

function noAnswer({ status }: Answered, message: string): Difference {
  return { kind: "status", at: "status", place: "status", first: String(status), second: message };
}

/** Links of an answer to its own server are no difference. */
function withoutOrigin({ status, headers, body }: Answered, { origin }: URL): Answered {
  return {
    status,
    headers: headers.map(([name, value]) => [name, value.replaceAll(origin, "")] as const),
    body: Buffer.from(Buffer.from(body).toString("latin1").replaceAll(origin, ""), "latin1"),
  };
}

/** What is volatile in one answer of a route is so in all of them. */
function routeOutcome(asked: readonly Asked[]): readonly RouteOutcome[] {
  const [one] = asked;
  if (one === undefined) return [];
  const volatile = asked.flatMap((it) => ("volatile" in it ? it.volatile : []));
  return [
    {
      method: one.exchange.method,
      route: routeOf(one.exchange),
      outcomes: asked.map((it) => outcomeOf(it, volatile)),
      volatile: [...new Set(volatile.map(({ place }) => place))],
    },
  ];
}

function outcomeOf(asked: Asked, volatile: readonly Difference[]): Outcome {
  const { exchange } = asked;
  if ("reason" in asked) return { exchange, kind: "not compared", reason: asked.reason };
  const differences = steady(asked.differences, volatile);
  if (differences.length > 0) return { exchange, kind: "different", differences };
  if (volatile.some(({ place }) => place === "body" || place === ""))
    return { exchange, kind: "not compared", reason: "its answer is another one each time" };
  return { exchange, kind: "same" };
}
