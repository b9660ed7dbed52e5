import type { Headers } from "../../../kernel/exchange.ts";

/** A request whose parts can be left out. */
export type Reducible = {
  readonly headers: Headers;
  /** Query parameters in order. */
  readonly query: Headers;
  /** JSON, of which fields and items can be left out; text, which is kept or left out; or nothing. */
  readonly body: { readonly json: Json } | { readonly text: string } | null;
};

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Whether a request still comes to the same; null = no more may be asked. */
export type StillSame = (candidate: Reducible) => Promise<boolean | null>;

/**
 * The request with everything left out that does not matter (ddmin: A. Zeller and R. Hildebrandt, 2002, from the outside
 * of the body in, level by level). Leaving out any one part of the result would make a difference, unless no more could be
 * asked.
 */
export async function minimised(request: Reducible, stillSame: StillSame): Promise<Reducible> {
  let best = request;
  const reduce = async <T>(
    parts: readonly T[],
    withParts: (kept: readonly T[]) => Reducible,
  ): Promise<void> => {
    const kept = await ddmin(parts, async (some) => stillSame(withParts(some)));
    best = withParts(kept);
  };
  await reduce([...best.headers], (headers) => ({ ...best, headers }));
  await reduce([...best.query], (query) => ({ ...best, query }));
  if (best.body !== null) await reduce([best.body], ([body]) => ({ ...best, body: body ?? null }));
  for (let depth = 1; best.body !== null && "json" in best.body; depth++) {
    const { json } = best.body;
    const places = placesAt(json, depth);
    if (places.length === 0) break;
    await reduce(places, (kept) => ({
      ...best,
      body: { json: withOnly(json, depth, new Set(kept.map((place) => JSON.stringify(place)))) },
    }));
  }
  return best;
}

/** The fewest parts, in order, for which `test` still holds; it holds for all of them. */
export async function ddmin<T>(
  parts: readonly T[],
  test: (some: readonly T[]) => Promise<boolean | null>,
): Promise<readonly T[]> {
  let kept = parts;
  if (kept.length === 0) return kept;
  const none = await test([]);
  if (none === true) return [];
  if (none === null) return kept;
  for (let pieces = 2; kept.length > 1;) {
    const size = Math.ceil(kept.length / pieces);
    let smaller: readonly T[] | undefined;
    for (let from = 0; from < kept.length && smaller === undefined; from += size) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)];
      const holds = await test(rest);
      if (holds === null) return kept;
      if (holds) smaller = rest;
    }
    if (smaller !== undefined) {
      kept = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size === 1) break;
    else pieces = Math.min(kept.length, pieces * 2);
  }
  return kept;
}

/** From the outside in: names and indexes. */
type Place = readonly (string | number)[];

function placesAt(json: Json, depth: number, at: Place = []): readonly Place[] {
  if (at.length === depth) return [at];
  return entriesOf(json).flatMap(([name, inner]) => placesAt(inner, depth, [...at, name]));
}

/** Without the places of this depth that are not kept. */
function withOnly(json: Json, depth: number, kept: ReadonlySet<string>, at: Place = []): Json {
  const inner = entriesOf(json).flatMap(([name, value]) => {
    const place = [...at, name];
    if (place.length < depth) return [[name, withOnly(value, depth, kept, place)] as const];
    return kept.has(JSON.stringify(place)) ? [[name, value] as const] : [];
  });
  if (Array.isArray(json)) return inner.map(([, value]) => value);
  return typeof json === "object" && json !== null ? Object.fromEntries(inner) : json;
}

function entriesOf(json: Json): readonly (readonly [name: string | number, value: Json])[] {
  if (Array.isArray(json)) return json.map((value, index) => [index, value] as const);
  return typeof json === "object" && json !== null ? Object.entries(json) : [];
}
