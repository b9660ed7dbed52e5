import { hash } from "node:crypto";
import { z } from "zod";

/** Texts that may be values of one field. */
export const valuesMax = 8;
const fieldsMax = 20;
const lookedMax = 200;
/** A text is kept once it was there so often, */
const seenMin = 4;
/** and is told once its field was there so often. */
const lookedMin = 20;
const depthMax = 4;
const itemsLooked = 20;
const namesLooked = 60;
const nameCharactersMax = 40;

/**
 * Fields that have one of a few words, such as `status`, by where they are. Until a word was met several times, what is kept of
 * it is a digest, so that what only one body had is kept nowhere.
 */
export const KnownValues = z.record(
  z.string(),
  z.object({
    looked: z.int(),
    /** null = more than a few, or something that is no word. */
    words: z.array(z.object({ digest: z.string(), count: z.int(), text: z.string().nullable() })).nullable(),
  }),
);

export type KnownValues = z.output<typeof KnownValues>;

/** One word in one case: no names, sentences, numbers, ids, tokens or addresses. */
const word = /^(?=.{2,30}$)([a-z]+([_.-][a-z]+){0,3}|[A-Z]+([_-][A-Z]+){0,3})$/;
/** Fields whose words are of people, or secret. */
const personal =
  /name|user|login|owner|author|member|person|customer|contact|email|mail|phone|address|street|city|town|county|country|state$|region|zip|birth|gender|sex|religion|race|nation|health|diagnos|title|label|slug|handle|nick|alias|password|passphrase|secret|token|key|code|pin|hash|answer|text|note|comment|message|description|query|search|tag|company|employer/i;

/** What is known by one more body. */
export function withBody(known: KnownValues, body: unknown): KnownValues {
  const next = new Map(Object.entries(known));
  for (const [place, text] of textsOf(body, "", depthMax)) {
    const earlier = next.get(place);
    if (earlier === undefined && next.size >= fieldsMax) continue;
    next.set(place, withText(earlier ?? { looked: 0, words: [] }, text));
  }
  return Object.fromEntries(next);
}

/** The words that a field has, where it is sure that there are no others. */
export function wordsOf(known: KnownValues, place: string): readonly string[] | undefined {
  const found = new Map(Object.entries(known)).get(place);
  if (found?.words === undefined || found.words === null || found.looked < lookedMin) return undefined;
  const texts = found.words.map(({ text }) => text);
  return texts.length === 0 || texts.includes(null)
    ? undefined
    : texts.filter((it) => it !== null).toSorted();
}

/** What is known by both. */
export function valuesOfBoth(a: KnownValues, b: KnownValues): KnownValues {
  const next = new Map(Object.entries(a));
  for (const [place, other] of Object.entries(b)) {
    const mine = next.get(place);
    if (mine !== undefined) next.set(place, both(mine, other));
    else if (next.size < fieldsMax) next.set(place, other);
  }
  return Object.fromEntries(next);
}

type Known = KnownValues[string];

function both(a: Known, b: Known): Known {
  const looked = Math.min(lookedMax, a.looked + b.looked);
  if (a.words === null || b.words === null) return { looked, words: null };
  const byDigest = Map.groupBy([...a.words, ...b.words], ({ digest }) => digest);
  if (byDigest.size > valuesMax) return { looked, words: null };
  return {
    looked,
    words: [...byDigest].map(([digest, list]) => ({
      digest,
      count: Math.min(
        lookedMax,
        list.reduce((sum, { count }) => sum + count, 0),
      ),
      text: list.find(({ text }) => text !== null)?.text ?? null,
    })),
  };
}

function withText({ looked, words }: Known, text: string): Known {
  const more = Math.min(lookedMax, looked + 1);
  if (words === null || !word.test(text)) return { looked: more, words: null };
  const digest = hash("sha256", text).slice(0, 12);
  const found = words.find((it) => it.digest === digest);
  const count = Math.min(lookedMax, (found?.count ?? 0) + 1);
  const others = words.filter((it) => it !== found);
  if (others.length === valuesMax) return { looked: more, words: null };
  return { looked: more, words: [...others, { digest, count, text: count >= seenMin ? text : null }] };
}

/** Of the fields that may have a word. */
function* textsOf(
  value: unknown,
  at: string,
  depth: number,
): Generator<readonly [place: string, text: string]> {
  if (depth === 0 || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value.slice(0, itemsLooked)) yield* textsOf(item, `${at}[]`, depth - 1);
    return;
  }
  for (const [name, field] of Object.entries(value).slice(0, namesLooked)) {
    const place = at === "" ? name : `${at}.${name}`;
    if (typeof field !== "string") yield* textsOf(field, place, depth - 1);
    else if (mayHaveWords(name)) yield [place, field];
  }
}

function mayHaveWords(name: string): boolean {
  return name.length <= nameCharactersMax && !personal.test(name);
}
