import { Failure } from "../../kernel/failure.ts";
import type { Condition, Field, TextField } from "./ledger.ts";

type NumberColumn = "status" | "duration_ms";

/** What a question is asked about: a column, or the fact of a name. */
export type Asked<Column> =
  | { readonly column: Column; readonly fact?: undefined }
  | { readonly column?: undefined; readonly fact: string };
export type AskedText = Asked<TextField>;
export type AskedNumber = Asked<NumberColumn>;

/** How a database says it. What it says of a missing value may be unknown, but for `not`, which holds then. */
export type Dialect<Sql> = {
  all(parts: readonly Sql[]): Sql;
  any(parts: readonly Sql[]): Sql;
  not(part: Sql): Sql;
  isText(asked: AskedText, texts: readonly string[]): Sql;
  isNumber(asked: AskedNumber, numbers: readonly number[]): Sql;
  within(asked: AskedNumber, atLeast: number, atMost: number): Sql;
  /** The literal texts between wildcards, in order: one more than there are wildcards. */
  like(asked: AskedText, literals: readonly string[]): Sql;
  present(asked: AskedText | AskedNumber): Sql;
};

/** Of conditions within conditions. */
const depthMax = 16;
/** Of one condition and all within it. */
const termsMax = 100;
/** Of all lists in it together. */
const valuesMax = 1_000;
const charactersMax = 65_536;
/**
 * Of one pattern. A database tries a literal between two wildcards from every place of the text, and nothing again that
 * failed after a later wildcard, so that its steps are at most the text's length times the pattern's: for a path that
 * repeats what the pattern repeats. Any other takes one pass.
 */
const wildcardsMax = 8;
const patternCharactersMax = 256;

const factPrefix = "facts.";

/**
 * The condition as the database says it.
 *
 * @throws Failure invalid when it is larger than the constants above say; RangeError for a bound that is no number
 */
export function compiled<Sql>(condition: Condition, dialect: Dialect<Sql>): Sql {
  refuseLarge(condition);
  return said(condition, dialect);
}

function said<Sql>(condition: Condition, to: Dialect<Sql>): Sql {
  if ("all" in condition) return to.all(condition.all.map((part) => said(part, to)));
  if ("any" in condition) return to.any(condition.any.map((part) => said(part, to)));
  if ("not" in condition) return to.not(said(condition.not, to));
  const parts = asked(condition, waysToAsk(condition.field), to);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : to.any(parts);
}

type Question = Extract<Condition, { field: Field }>;

/** One part for each way that can be fulfilled at all. */
function asked<Sql>(question: Question, { texts, numbers }: Ways, to: Dialect<Sql>): readonly Sql[] {
  const ofTexts = (say: (of: AskedText) => Sql) => (texts === undefined ? [] : [say(texts)]);
  const ofNumbers = (say: (of: AskedNumber) => Sql) => (numbers === undefined ? [] : [say(numbers)]);
  if ("is" in question) {
    const [words, amounts] = [question.is.filter(isText), question.is.filter(isNumber)];
    return [
      ...ofTexts((of) => to.isText(of, words.filter(isStorable))),
      ...ofNumbers((of) => to.isNumber(of, amounts)),
    ];
  }
  if ("like" in question)
    return isStorable(question.like) ? ofTexts((of) => to.like(of, question.like.split("*"))) : [];
  if ("present" in question)
    return [texts ?? numbers].flatMap((of) => (of === undefined ? [] : [to.present(of)]));
  const { atLeast = -Infinity, atMost = Infinity } = question;
  return ofNumbers((of) => to.within(of, atLeast, atMost));
}

function isText(value: string | number): value is string {
  return typeof value === "string";
}

function isNumber(value: string | number): value is number {
  return typeof value === "number";
}

/** A text with a NUL is stored nowhere, and a pattern with one would be read up to it. */
function isStorable(text: string): boolean {
  return !text.includes("\0");
}

type Ways = { readonly texts?: AskedText; readonly numbers?: AskedNumber };

function waysToAsk(field: Field): Ways {
  if (isFact(field)) {
    const fact = field.slice(factPrefix.length);
    return isStorable(fact) ? { texts: { fact }, numbers: { fact } } : {};
  }
  if (field === "durationMs") return { numbers: { column: "duration_ms" } };
  return field === "status" ? { numbers: { column: field } } : { texts: { column: field } };
}

function isFact(field: Field): field is `facts.${string}` {
  return field.startsWith(factPrefix);
}

function refuseLarge(condition: Condition): void {
  const size = { terms: 0, values: 0, characters: 0 };
  const measure = (part: Condition, depth: number): void => {
    refuse("levels of terms within terms", depth, depthMax);
    refuse("terms", ++size.terms, termsMax);
    for (const inner of innerOf(part)) measure(inner, depth + 1);
    for (const text of textsOf(part)) size.characters += text.length;
    if ("is" in part) size.values += part.is.length;
    if ("like" in part) refusePattern(part.like);
    for (const number of numbersOf(part))
      if (Number.isNaN(number)) throw new RangeError("A condition compares with a value that is no number.");
  };
  measure(condition, 1);
  refuse("values", size.values, valuesMax);
  refuse("characters", size.characters, charactersMax);
}

function innerOf(part: Condition): readonly Condition[] {
  if ("all" in part) return part.all;
  if ("any" in part) return part.any;
  return "not" in part ? [part.not] : [];
}

function textsOf(part: Condition): readonly string[] {
  if (!("field" in part)) return [];
  return [part.field, ...("is" in part ? part.is.filter(isText) : [])];
}

function numbersOf(part: Condition): readonly number[] {
  if ("is" in part) return part.is.filter(isNumber);
  return "atLeast" in part || "atMost" in part ? [part.atLeast ?? 0, part.atMost ?? 0] : [];
}

function refusePattern(pattern: string): void {
  refuse("characters in a pattern", pattern.length, patternCharactersMax);
  refuse("wildcards in a pattern", pattern.split("*").length - 1, wildcardsMax);
}

function refuse(what: string, count: number, max: number): void {
  if (count > max)
    throw new Failure("invalid", `A condition may have at most ${max} ${what}.`, {
      allowed: `${max} ${what}`,
      hint: "Ask for less at once.",
    });
}
