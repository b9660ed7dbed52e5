import type { Listed } from "../../../engines/ledger/ledger.ts";
import type { Exchange } from "../../../kernel/exchange.ts";
import { attributesOf } from "./attributes.ts";
import {
  explained,
  keptMin,
  narrowedMax,
  type Explanation,
  type Observations,
  type Observed,
  type Term,
} from "./excess.ts";
import { featuresOf, tellingFeatures } from "./payload.ts";
import { weightOf } from "./sample.ts";

/** Features that take part: those that tell errors from all requests best. */
const featuresMax = 20;
/** Each feature is a dimension of its own, since a request has many. */
const prefix = "payload ";

/** Of each of what is compared, some with their content. */
export type Contents = Readonly<Record<keyof Observations, readonly Listed[]>>;

/**
 * As `explained`, with what is in headers, query and body among the attributes, by exchanges with their content that stand
 * for all that was observed. What was found without it is kept unless the content tells more of the excess, or of fewer
 * requests: of all that was observed, it is known better.
 */
export function narrowedByPayload(
  found: readonly Explanation[],
  all: Observations,
  contents: Contents,
): readonly Explanation[] {
  const telling = new Set(
    tellingFeatures(contents.errors, contents.requests, featuresMax).map(({ feature }) => feature),
  );
  if (telling.size === 0) return found;
  // Errors weigh one, as many as there are, so that few of them are no surer than they are.
  const part = Math.min(
    shareOf(contents.errors, all.errors),
    shareOf(contents.errorsBefore, all.errorsBefore),
  );
  const observed = (name: keyof Observations): readonly Observed[] => {
    const own = contents[name].reduce((sum, exchange) => sum + weightOf(exchange), 0);
    const scale = (part * total(all[name])) / Math.max(1, own);
    return contents[name].map((exchange) => ({
      attributes: withPayload(exchange, telling),
      weight: weightOf(exchange) * scale,
    }));
  };
  const { explanations } = explained({
    errors: observed("errors"),
    errorsBefore: observed("errorsBefore"),
    requests: observed("requests"),
    requestsBefore: observed("requestsBefore"),
  });
  const withContent = explanations.map((it) => scaled(it, part));
  return tellsMore(withContent[0], found[0]) ? withContent : found;
}

function tellsMore(one: Explanation | undefined, other: Explanation | undefined): boolean {
  if (one === undefined || !one.terms.some(({ dimension }) => isPayload(dimension))) return false;
  if (other === undefined || other.excess < keptMin * one.excess) return true;
  return one.excess >= keptMin * other.excess && one.requests <= narrowedMax * other.requests;
}

/** Whether an exchange with its content is told by all of the terms. */
export function isTold(exchange: Exchange, terms: readonly Term[]): boolean {
  const attributes = attributesOf(exchange);
  const features = featuresOf(exchange);
  return terms.every(({ dimension, value }) =>
    isPayload(dimension) ? features.has(value) : attributes.get(dimension) === value,
  );
}

/** A term as it is shown: the dimension of all that is in the content is `payload`. */
export function shownTerm({ dimension, value }: Term): Term {
  return { dimension: isPayload(dimension) ? prefix.trimEnd() : dimension, value };
}

function isPayload(dimension: string): boolean {
  return dimension.startsWith(prefix);
}

function withPayload(exchange: Exchange, telling: ReadonlySet<string>): ReadonlyMap<string, string> {
  const features = [...featuresOf(exchange)].filter((feature) => telling.has(feature));
  return new Map([
    ...attributesOf(exchange),
    ...features.map((feature) => [`${prefix}${feature}`, feature] as const),
  ]);
}

function shareOf(some: readonly Exchange[], all: readonly Observed[]): number {
  return all.length === 0 ? 1 : Math.min(1, some.length / all.length);
}

function total(observed: readonly Observed[]): number {
  return observed.reduce((sum, { weight }) => sum + weight, 0);
}

function scaled(it: Explanation, part: number): Explanation {
  return { ...it, errors: it.errors / part, requests: it.requests / part, excess: it.excess / part };
}
