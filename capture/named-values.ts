import { containerEnd, spaceEnd } from "./json-extent.ts";
import { decodedJson } from "./json-string.ts";
import { percentDecoded } from "./percent.ts";
import type { Scope } from "./scope.ts";
import { isToken } from "./token.ts";

const nameCharactersMax = 64;
const gapMax = 16;
/** How often something may be percent-encoded over and over. */
const encodingsMax = 4;

/** What stands between a name and its value: colon, equals sign, arrow, or one of them percent-encoded. */
const separator = /[:=]+>?|%(?:25){0,3}3[ADad]/g;
const plainWord = /^\w+$/;
const bareEnd = /[\s,;&"'`<>(){}[\]|\\]/g;
const encodedEnd = /[\s,;&"'`<>(){}[\]|\\]|%(?:25){0,3}(?:2[2367cC]|7[bBdD]|5[bBdD]|0[aAdD]|3[bB])/g;
const lineEnd = /["'`\r\n]/g;
/** Up to where a line has one value alone: what names another is none. */
const phraseEnd = /[\r\n,;&"'`<>(){}[\]|\\:=]/g;
const mayBePhrase = /(?:password|passwd|passphrase|secret)$/i;
const scheme = /(?:bearer|basic|digest|negotiate|token|apikey|hawk|aws4-hmac-sha256)[ \t]+(?=\S)/iy;
const nothing = /^(?:null|nil|none|undefined)$/i;
const wholeLines: ReadonlySet<string> = new Set(["cookie", "setcookie", "set-cookie"]);

/** A value behind a name: what of it is to be replaced, and how it was encoded. */
type Value = { readonly start: number; readonly end: number; readonly decode: (octets: string) => string };

/**
 * Replaces the values of names that rules know in any text: `password=…`, `"token": "…"` of JSON that is broken,
 * attributes, lines of logs, parts of URLs. The name ends at the separator and the value at what could end it.
 */
export function replacedNames({ rules, replacer }: Scope, text: string): string {
  let [out, copied] = ["", 0];
  separator.lastIndex = 0;
  for (let found = separator.exec(text); found !== null; found = separator.exec(text)) {
    if (text.startsWith("//", separator.lastIndex)) continue;
    const { names, quoted, opensLine } = namesBefore(text, found.index, copied);
    const behind = separator.lastIndex;
    const name = names.find((each) => rules.looseFields.ruleOf(each) >= 0);
    if (name === undefined) continue;
    const rule = rules.looseFields.ruleOf(name);
    const isPhrase = opensLine && found[0] === ":" && mayBePhrase.test(name);
    const value = valueAt(text, behind, { quoted, encoded: found[0].startsWith("%"), name, isPhrase });
    const plain = value.decode(text.slice(value.start, value.end));
    if (plain === "" || nothing.test(plain) || isToken(plain)) continue;
    out += text.slice(copied, value.start) + replacer.replaced(rule, plain);
    copied = value.end;
    separator.lastIndex = Math.max(value.end, behind);
  }
  return copied === 0 ? text : out + text.slice(copied);
}

type Before = {
  readonly names: readonly string[];
  readonly quoted: boolean;
  /** Nothing but blanks and the dash of a list is before the name on its line. */
  readonly opensLine: boolean;
};

/** By the code of a character: what may stand between a name and its separator, and what names are made of. */
const [blank, closing, letter] = [1, 2, 4];
const kinds = new Uint8Array(256);
for (let code = 0x80; code < kinds.length; code++) kinds[code] = letter;
for (const character of "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$.-%")
  kinds[character.charCodeAt(0)] = letter;
for (const character of " \t") kinds[character.charCodeAt(0)] = blank;
for (const character of "\"'`]") kinds[character.charCodeAt(0)] = closing;
kinds["\\".charCodeAt(0)] = closing | letter;

const linesBeginning = /(?:^|[\r\n])[ \t]*(?:- *)?["']?$/;

function namesBefore(text: string, end: number, least: number): Before {
  const spaces = runStart(text, end, { kind: blank, least: Math.max(end - gapMax, least) });
  const last = runStart(text, spaces, { kind: closing, least: Math.max(spaces - gapMax, least) });
  const first = runStart(text, last, { kind: letter, least: Math.max(last - nameCharactersMax, least) });
  const opensLine = linesBeginning.test(text.slice(Math.max(first - gapMax, 0), first));
  return { names: namesIn(text.slice(first, last)), quoted: last < spaces, opensLine };
}

function runStart(
  text: string,
  end: number,
  { kind, least }: { readonly kind: number; readonly least: number },
): number {
  let at = end;
  while (at > least && ((kinds[text.charCodeAt(at - 1)] ?? 0) & kind) !== 0) at--;
  return at;
}

/** Of what stands before a separator, the last word is the name; escapes may hide it, or be what is before it. */
function namesIn(written: string): readonly string[] {
  if (written === "") return [];
  if (!written.includes("\\") && !written.includes("%")) return isDigit(written) ? [] : lastWord(written);
  const plain = decodedOften(decodedJson(written));
  return [...lastWord(plain), ...lastWord(written)];
}

function isDigit(text: string): boolean {
  const code = text.charCodeAt(0);
  return code >= 48 && code <= 57;
}

function lastWord(text: string): readonly string[] {
  if (plainWord.test(text)) return [text];
  return /[\w$\-\u0080-\u00ff]+(?=["'\]]*$)/.exec(text) ?? [];
}

/** `isPhrase`: it may have several words, as far as its line goes. */
type Named = { readonly name: string; readonly isPhrase: boolean };

function valueAt(
  text: string,
  behind: number,
  { quoted, encoded, ...named }: Named & { readonly quoted: boolean; readonly encoded: boolean },
): Value {
  const start = quoted ? spaceEnd(text, behind) : blankEnd(text, behind);
  const opening = /\\{0,16}["'`]/y;
  opening.lastIndex = start;
  const [quote] = opening.exec(text) ?? [];
  if (quote !== undefined) return quotedValue(text, start + quote.length, quote);
  if ("{[".includes(text[start] ?? "-")) return { start, end: containerEnd(text, start), decode: same };
  return encoded ? encodedValue(text, start) : bareValue(text, start, named);
}

/** Up to the same quote, behind no more backslashes than the first had. */
function quotedValue(text: string, start: number, quote: string): Value {
  const mark = quote.slice(-1);
  for (let end = text.indexOf(mark, start); end !== -1; end = text.indexOf(mark, end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === "\\" && end - escapes > start) escapes++;
    if (escapes < quote.length) return { start, end: end - escapes, decode: decodedJson };
  }
  return { start, end: text.length, decode: decodedJson };
}

function bareValue(text: string, start: number, { name, isPhrase }: Named): Value {
  scheme.lastIndex = start;
  const hasScheme = scheme.test(text);
  const begun = hasScheme ? scheme.lastIndex : start;
  const end = hasScheme || wholeLines.has(name.toLowerCase()) ? lineEnd : bareEnd;
  return {
    start: begun,
    end: (isPhrase ? phraseAt(text, begun) : undefined) ?? endOf(text, begun, end),
    decode: (octets) => percentDecoded(octets.trimEnd()),
  };
}

/** Where the words end that are all there is on the rest of a line. */
function phraseAt(text: string, start: number): number | undefined {
  const end = endOf(text, start, phraseEnd);
  return end === text.length || /[\r\n]/.test(text[end] ?? "") ? end : undefined;
}

function encodedValue(text: string, start: number): Value {
  const quote = /%(?:25){0,3}2[27]/y;
  quote.lastIndex = start;
  const begun = quote.test(text) ? quote.lastIndex : start;
  return { start: begun, end: endOf(text, begun, encodedEnd), decode: decodedOften };
}

function decodedOften(octets: string): string {
  let plain = octets;
  for (let n = 0; n < encodingsMax && plain.includes("%"); n++) plain = percentDecoded(plain);
  return plain;
}

function endOf(text: string, from: number, end: RegExp): number {
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}

function blankEnd(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

function same(octets: string): string {
  return octets;
}
