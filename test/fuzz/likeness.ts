import { randomBytes, randomInt } from "node:crypto";
import { newId, randomText } from "../../src/kernel/id.ts";

/** Texts that name what is not theirs, by how to make one of the same form that names nothing. */
export type Names = ReadonlyMap<string, () => string>;

/** A text that stands nowhere else; it goes into names, and from there into slugs. */
export function newMark(): string {
  return `mark${randomBytes(8).toString("hex")}`;
}

/** As much of a mark as somebody types who lets it be completed. */
const markBegun = 12;

export function markNames(marks: readonly string[]): Names {
  return new Map(
    marks.flatMap((mark) => [
      [mark, newMark],
      [mark.slice(0, markBegun), () => newMark().slice(0, markBegun)],
    ]),
  );
}

export function idNames(ids: readonly string[]): Names {
  return new Map(ids.map((id) => [id, () => neverWas(id)]));
}

/** Of the secret part of an address. */
export function tokenNames(tokens: readonly string[]): Names {
  return new Map(tokens.map((token) => [token, () => randomText(token.length)]));
}

/** Of short numbers, which are a name only where they stand alone. */
export function numberNames(numbers: readonly number[]): Names {
  return new Map(numbers.map((number) => [`"#${number}"`, () => `"#${randomInt(100_000, 999_999)}"`]));
}

function neverWas(id: string): string {
  const [prefix = ""] = id.split("_");
  return prefix === "ex" ? `ex_${id.slice(3, 15)}${randomBytes(10).toString("hex")}` : newId(prefix);
}

/** The same with other names, and what turns an answer to it into one to the first; undefined when it names nothing. */
export function likenessOf(
  said: string,
  names: Names,
): { readonly said: string; readonly back: (told: string) => string } | undefined {
  let rest = said;
  const never = new Map<string, string>();
  // A name that others begin with is found where it stands by itself.
  for (const [name, make] of [...names].toSorted(([one], [other]) => other.length - one.length)) {
    if (!rest.includes(name)) continue;
    rest = rest.replaceAll(name, "");
    never.set(name, make());
  }
  if (never.size === 0) return undefined;
  const back = [...never].map(([name, other]) => [bare(other), bare(name)] as const);
  return { said: replaced(said, [...never]), back: (told) => replaced(told, back) };
}

/** Without the quotes that delimit it in a question: answers may quote it in other ways. */
function bare(name: string): string {
  return name.replaceAll('"', "");
}

function replaced(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((so, [from, to]) => so.replaceAll(from, to), text);
}
