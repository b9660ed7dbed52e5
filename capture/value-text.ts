import type { Span } from "./detectors/detector.ts";
import { cutKey } from "./detectors/key.ts";
import { replacedNames } from "./named-values.ts";
import { fromOctets, isAscii, toOctets } from "./octets.ts";
import type { Replacer } from "./replacer.ts";
import { type Matcher, type PatternMatcher, ruleOfDetector, type RuleSet } from "./rule-set.ts";
import type { Scope } from "./scope.ts";
import { replacedWhole, untilStable } from "./stable-text.ts";
import { tokenSpans } from "./token.ts";
import type { DetectorName } from "./wire.ts";

/** Nothing that a detector finds is shorter, and no name with its value. */
const leastCharacters = 4;
const leastFormCharacters = 10;
/** Of a pattern, for each character of a text; beyond, the rest of the text is replaced as a whole. */
const stepsPerCharacter = 500;
/** How far back from the end of a cut text something is looked for that has lost its end. */
const cutCharactersMax = 5_000;

/**
 * Replaces what is found in one value: the string of a document, a header, a message. Names with values behind them,
 * forms that detectors know, patterns. What comes out stays as it is when it goes in again.
 * @param cut the end of the text is missing
 */
export function redactedValue(scope: Scope, octets: string, cut: boolean): string {
  if (octets.length < leastCharacters && scope.rules.patterns.length === 0) return octets;
  return untilStable(octets, (text) => redactedOnce(scope, text, cut)) ?? replacedWhole(scope, octets);
}

/** Whether there can be something in it that detectors or patterns find. */
export function mayHaveForm({ trigger, patterns }: RuleSet, text: string): boolean {
  if (text.length >= leastFormCharacters && trigger?.test(text) === true) return true;
  return patterns.some(({ pattern }) => !isAscii(text) || pattern.test(text));
}

function redactedOnce(scope: Scope, octets: string, cut: boolean): string {
  const { rules, replacer } = scope;
  let text = replacedNames(scope, octets);
  if (text.length >= leastFormCharacters && rules.trigger?.test(text) === true)
    for (const { rule, find } of rules.detectors) text = replacedMatches(replacer, text, { rule, find });
  if (cut) text = withoutCutForm(scope, text);
  for (const matcher of rules.patterns) text = replacedByPattern(replacer, text, matcher);
  return text;
}

/** What is left at the end of a text that was cut, by what a detector would have made of the whole. */
const cutForms: readonly (readonly [detector: DetectorName, form: RegExp])[] = [
  ["key", cutKey],
  ["bearer", /(?<=(?<!\w)(?:bearer|basic) )[\w.~+/=-]{1,4096}$/i],
  ["iban", /(?<![A-Za-z0-9])[A-Z]{2}\d{2}[ -]?[A-Z0-9 -]{2,40}$/],
  ["card", /(?<![A-Za-z0-9]|\d\.)\d(?:[ -]?\d){5,18}[ -]?$/],
];
const cutToken = /REDACTED-[a-z0-9_-]{0,50}$/;

/** The end of a text that was cut may be the beginning of what a detector would have found. */
function withoutCutForm({ rules, replacer }: Scope, text: string): string {
  if (rules.detectors.length === 0) return text;
  const tail = text.slice(-cutCharactersMax);
  const [detector, form] = cutForms.find(([, each]) => each.test(tail)) ?? [];
  if (detector === undefined || form === undefined) return text;
  const start = text.length - tail.length + tail.search(form);
  const partial = text.search(cutToken);
  const inToken = partial !== -1 && partial <= start;
  if (inToken || tokenSpans(text).some(([from, to]) => from <= start && start < to)) return text;
  return text.slice(0, start) + replacer.replaced(ruleOfDetector(rules, detector), text.slice(start));
}

function replacedByPattern(replacer: Replacer, octets: string, { rule, pattern }: PatternMatcher): string {
  const ascii = isAscii(octets);
  const text = ascii ? octets : fromOctets(octets);
  const last = pattern.steps() + stepsPerCharacter * (text.length + 1);
  const find: Matcher["find"] = (within, from) =>
    pattern.steps() <= last
      ? pattern.find(within, from)
      : from < within.length
        ? [from, within.length]
        : undefined;
  if (ascii) return replacedMatches(replacer, text, { rule, find });
  const replaced = replacedMatches(
    { replaced: (each, value) => replacer.replaced(each, toOctets(value)) },
    text,
    { rule, find },
  );
  return replaced === text ? octets : toOctets(replaced);
}

function replacedMatches(
  replacer: Pick<Replacer, "replaced">,
  text: string,
  { rule, find }: Matcher,
): string {
  let found = find(text, 0);
  if (found === undefined) return text;
  const spans = tokenSpans(text);
  let [out, copied, token] = ["", 0, 0];
  while (found !== undefined) {
    while (token < spans.length && (spans[token]?.[1] ?? 0) <= found[0]) token++;
    const { span, inToken } = withTokens(found, spans, token);
    const [start, end] = span;
    if (!inToken && end > start) {
      out += text.slice(copied, start) + replacer.replaced(rule, text.slice(start, end));
      copied = end;
    }
    found = find(text, end > found[0] ? end : end + 1);
  }
  return out + text.slice(copied);
}

/** A match within a token is none; one that reaches into tokens takes them in whole. @param next the first that does not end before it */
function withTokens(
  [start, end]: Span,
  spans: readonly Span[],
  next: number,
): { readonly span: Span; readonly inToken: boolean } {
  const [first, last] = spans[next] ?? [Infinity, Infinity];
  if (start >= first && end <= last) return { span: [start, last], inToken: true };
  let far = end;
  for (let n = next; (spans[n]?.[0] ?? Infinity) < far; n++) far = Math.max(far, spans[n]?.[1] ?? far);
  return { span: [end > start ? Math.min(start, first) : start, far], inToken: false };
}
