import { contentTypeOf } from "../../../kernel/content-type.ts";
import type { Body, Exchange, Message } from "../../../kernel/exchange.ts";
import { partsOf } from "../../../kernel/target.ts";
import { differenceInterval } from "./interval.ts";

const depthMax = 6;
const itemsMax = 5;
const featuresMax = 300;
const shownMax = 8;
const valueCharactersMax = 40;
/** Of those that failed, as many more must have it than of the others. */
const differenceMin = 0.2;

/** Something that a request's content has, such as a field of its body, and how often it is there. */
export type Feature = {
  readonly feature: string;
  /** 0 to 1. */
  readonly among: { readonly failed: number; readonly others: number };
};

/** What tells requests that failed from others, the most telling first and `max` at the most; captured text. */
export function tellingFeatures(
  failed: readonly Exchange[],
  others: readonly Exchange[],
  max = shownMax,
): readonly Feature[] {
  const counts = { failed: countsOf(failed), others: countsOf(others) };
  const names = new Set([...counts.failed.keys(), ...counts.others.keys()]);
  return [...names]
    .map((feature) => {
      const [a, b] = [counts.failed.get(feature) ?? 0, counts.others.get(feature) ?? 0];
      const { low, high } = differenceInterval(
        { count: b, of: others.length },
        { count: a, of: failed.length },
      );
      const among = { failed: a / Math.max(1, failed.length), others: b / Math.max(1, others.length) };
      // What fewer of the failed have is told by what they have instead, or by its absence.
      return { feature, among, sure: low >= differenceMin ? low : high <= -differenceMin ? -high : 0 };
    })
    .filter(({ sure }) => sure > 0)
    .toSorted((a, b) => b.sure - a.sure)
    .slice(0, max)
    .map(({ feature, among }) => ({ feature, among }));
}

function countsOf(exchanges: readonly Exchange[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const exchange of exchanges)
    for (const feature of featuresOf(exchange)) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  return counts;
}

/** Names of headers and query fields, and the fields of a JSON body with their types and short values. */
export function featuresOf({ request, path }: Exchange): ReadonlySet<string> {
  const features = new Set<string>();
  for (const [name] of request.headers) features.add(`header ${name.toLowerCase()}`);
  for (const name of new URLSearchParams(partsOf(path).query).keys()) features.add(`query ${name}`);
  addFields(features, jsonOf(request), "body", 0);
  return features;
}

function jsonOf({ body, headers }: Message): unknown {
  const type = contentTypeOf(headers);
  if (body === null || !/json/i.test(type)) return undefined;
  return parsed(body);
}

function parsed({ bytes }: Body): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function addFields(features: Set<string>, value: unknown, at: string, depth: number): void {
  if (features.size >= featuresMax || value === undefined) return;
  features.add(`${at} is ${kindOf(value)}`);
  if (Array.isArray(value)) features.add(`${at} has ${lengthOf(value.length)}`);
  if (isShort(value)) features.add(`${at} = ${JSON.stringify(value)}`);
  if (depth === depthMax) return;
  for (const [name, inner] of innerOf(value)) addFields(features, inner, `${at}${name}`, depth + 1);
}

function innerOf(value: unknown): readonly (readonly [name: string, inner: unknown])[] {
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item: unknown) => ["[]", item] as const);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([name, field]) => [`.${name}`, field] as const);
}

function isShort(value: unknown): boolean {
  return typeof value === "boolean" || (typeof value === "string" && value.length <= valueCharactersMax);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function lengthOf(length: number): string {
  if (length <= 1) return `${length} items`;
  return length <= 10 ? "2 to 10 items" : "more than 10 items";
}
