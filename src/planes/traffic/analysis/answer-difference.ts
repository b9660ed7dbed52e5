import type { Headers } from "../../../kernel/exchange.ts";
import { contentTypeOf } from "../../../kernel/content-type.ts";
import type { Json } from "./minimise.ts";
import type { Answered } from "./signature.ts";

/**
 * `missing` and `added` are members of objects that the second answer lacks or has besides; `length` is of arrays, `body` of
 * what is not JSON on both sides.
 */
export const kinds = ["status", "header", "missing", "added", "type", "length", "value", "body"] as const;

/** How the second of two answers differs from the first in one place. Texts are captured. */
export type Difference = {
  readonly kind: (typeof kinds)[number];
  /** `status`, `body`, the name of a header, or a JSON Pointer (RFC 6901) into the body. */
  readonly at: string;
  /** As `at`, with `*` for every index of an array. */
  readonly place: string;
  /** null = there is nothing at the place. */
  readonly first: string | null;
  readonly second: string | null;
};

/** Headers that say what an answer is, in place of when and by whom it was made. */
const telling = [
  "content-type",
  "location",
  "allow",
  "cache-control",
  "link",
  "vary",
  "www-authenticate",
  "access-control-allow-origin",
];
const differencesMax = 200;
const textCharactersMax = 200;
/** JSON that is nested deeper is compared as it is written. */
const depthMax = 100;

/** How two answers differ, in at most 200 places; of answers with different statuses nothing but that. */
export function differencesOf(first: Answered, second: Answered): readonly Difference[] {
  if (first.status !== second.status)
    return [{ kind: "status", ...samePlace("status"), ...texts(first.status, second.status) }];
  const headers = telling.flatMap((name) => {
    const [a, b] = [valueOf(first.headers, name), valueOf(second.headers, name)];
    return a === b ? [] : [{ kind: "header" as const, ...samePlace(name), first: a, second: b }];
  });
  return [...headers, ...bodyDifferences(first, second)].slice(0, differencesMax);
}

/**
 * The differences that remain when those places are left out at which answers of one version differ from each other anyway:
 * where only a value is volatile, its type still counts; where a member comes and goes, or changes its type, nothing in it
 * does, nor the items of an array whose length is volatile.
 */
export function steady(
  differences: readonly Difference[],
  volatile: readonly Difference[],
): readonly Difference[] {
  const kindsAt = Map.groupBy(volatile, ({ place }) => place);
  const has = (place: string, ...some: readonly Difference["kind"][]): boolean =>
    kindsAt.get(place)?.some(({ kind }) => some.includes(kind)) ?? false;
  return differences.filter(
    ({ kind, place }) =>
      !has(place, kind, "missing", "added", "type") &&
      !placesAbove(place).some((above) => has(above, "missing", "added", "type", "length")),
  );
}

function placesAbove(place: string): readonly string[] {
  const parts = place.split("/");
  return parts.slice(1).map((_, n) => parts.slice(0, n + 1).join("/"));
}

function samePlace(at: string): Pick<Difference, "at" | "place"> {
  return { at, place: at };
}

function texts(first: Json | undefined, second: Json | undefined): Pick<Difference, "first" | "second"> {
  return { first: textOf(first), second: textOf(second) };
}

function textOf(value: Json | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value).slice(0, textCharactersMax);
}

function valueOf(headers: Headers, name: string): string | null {
  const values = headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ").slice(0, textCharactersMax);
}

function bodyDifferences(first: Answered, second: Answered): readonly Difference[] {
  const [a, b] = [jsonOf(first), jsonOf(second)];
  if (a === undefined || b === undefined) return plainDifferences(first.body, second.body);
  const found: Difference[] = [];
  compare({ first: a, second: b, at: "", place: "" }, found);
  return found;
}

function plainDifferences(first: Uint8Array, second: Uint8Array): readonly Difference[] {
  if (Buffer.compare(first, second) === 0) return [];
  const differs = first.findIndex((byte, n) => byte !== second[n]);
  const from = Math.max(0, (differs === -1 ? first.length : differs) - 20);
  const excerpt = (bytes: Uint8Array): string =>
    new TextDecoder().decode(bytes.subarray(from, from + textCharactersMax));
  return [{ kind: "body", ...samePlace("body"), first: excerpt(first), second: excerpt(second) }];
}

function jsonOf({ headers, body }: Answered): Json | undefined {
  if (!/json/i.test(contentTypeOf(headers))) return undefined;
  const text = new TextDecoder().decode(body);
  if (isDeep(text)) return undefined;
  try {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.parse makes is JSON
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Brackets in strings count too: what has so many of them is no loss. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > depthMax) return true;
  }
  return false;
}

type Pair = {
  readonly first: Json;
  readonly second: Json;
  readonly at: string;
  readonly place: string;
};

function compare(pair: Pair, found: Difference[]): void {
  if (found.length >= differencesMax) return;
  const { first, second, at, place } = pair;
  const add = (kind: Difference["kind"]): void =>
    void found.push({ kind, at, place, ...texts(first, second) });
  if (kindOf(first) !== kindOf(second)) add("type");
  else if (isArray(first) && isArray(second)) {
    if (first.length !== second.length) add("length");
    for (const [n, item] of first.slice(0, second.length).entries())
      compare({ first: item, second: second[n] ?? null, at: `${at}/${n}`, place: `${place}/*` }, found);
  } else if (isObject(first) && isObject(second)) compareMembers({ first, second, at, place }, found);
  else if (first !== second) add("value");
}

type Members = Readonly<Record<string, Json>>;

function compareMembers(
  { first, second, at, place }: Pair & { readonly first: Members; readonly second: Members },
  found: Difference[],
): void {
  for (const name of new Set([...Object.keys(first), ...Object.keys(second)])) {
    const [a, b] = [ownOf(first, name), ownOf(second, name)];
    const step = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const here = { at: `${at}${step}`, place: `${place}${step}` };
    if (a !== undefined && b !== undefined) compare({ first: a, second: b, ...here }, found);
    else found.push({ kind: a === undefined ? "added" : "missing", ...here, ...texts(a, b) });
  }
}

function ownOf(members: Members, name: string): Json | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function isArray(value: Json): value is readonly Json[] {
  return kindOf(value) === "array";
}

function isObject(value: Json): value is Members {
  return kindOf(value) === "object";
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
