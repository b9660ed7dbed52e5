import { FieldPosition } from "./field-path.ts";
import { containerEnd, marksOf, spaceEnd, stringEnd } from "./json-extent.ts";
import { decodedJson, encodedJson } from "./json-string.ts";
import { isCardNumber } from "./detectors/card.ts";
import { marks } from "./rule-set.ts";
import type { Inner, Scope } from "./scope.ts";
import { isCutToken } from "./token.ts";
import { mayHaveForm } from "./value-text.ts";

/** Dashes may make what is shorter no number either, but nothing that a detector would find. */
const longNumberMin = 10;
const scalar = /^(?:-?\d+(?:\.\d*)?(?:[eE][+-]?\d*)?|true|false|null|NaN|-?Infinity)$/;
const cutScalar = /^(?:t|tr|tru|f|fa|fal|fals|n|nu|nul)$/;

/** How members are called that hold a name and its value. */
const pairName = /^(?:name|key)$/i;
const pairValue = /^value$/i;
const unnamed = { rule: -1, depth: -1 };

/** What a character is outside of strings, by its code. */
const [delimiter, numberPart, other] = [0, 1, 2];
const scalarKinds = new Uint8Array(256).fill(other);
for (const character of ' \t\r\n,:{}[]"\u001e') scalarKinds[character.charCodeAt(0)] = delimiter;
for (const character of "0123456789+-.eE") scalarKinds[character.charCodeAt(0)] = numberPart;

function scalarKind(text: string, at: number): number {
  return at < text.length ? (scalarKinds[text.charCodeAt(at)] ?? other) : delimiter;
}

/** `cut`: the end may be missing, so that a string without one is a string all the same. */
type Within = { readonly inner: Inner; readonly cut: boolean };

/**
 * Redacts JSON, one document or several in a row, without parsing it: names and values are known by what follows them.
 * Whatever is cut off is complete as far as it goes. Every character is looked at a bounded number of times.
 * @returns undefined for what is no JSON up to its end
 */
export function redactedJson(scope: Scope, text: string, within: Within): string | undefined {
  return new JsonText(scope, text, within).redacted();
}

class JsonText {
  readonly #scope: Scope;
  readonly #text: string;
  readonly #inner: Inner;
  readonly #mayBeCut: boolean;
  readonly #position: FieldPosition | undefined;
  #out = "";
  #copied = 0;
  #at = 0;
  #depth = 0;
  /** A value has ended, and neither comma nor end of what it is in has come. */
  #complete = false;
  /** Of the name before the value that comes next. */
  #rule = -1;
  /** The value that comes next is a name itself, as in `{"name": "password", "value": "…"}`. */
  #isName = false;
  /** The rule about such a name, and how deep in the document its value comes. */
  #named = unnamed;
  #broken = false;

  constructor(scope: Scope, text: string, { inner, cut }: Within) {
    this.#scope = scope;
    this.#text = text;
    this.#inner = inner;
    this.#mayBeCut = cut;
    this.#position = scope.rules.paths === undefined ? undefined : new FieldPosition(scope.rules.paths);
  }

  redacted(): string | undefined {
    const text = this.#text;
    while (this.#at < text.length && !this.#broken) {
      const unit = text.charCodeAt(this.#at);
      if (isBetween(unit)) this.#at++;
      else if (unit === 0x2c) this.#comma();
      else if (unit === 0x7d || unit === 0x5d) this.#close();
      else this.#value(unit);
    }
    if (this.#broken || (this.#depth > 0 && !this.#mayBeCut)) return undefined;
    return this.#copied === 0 ? text : this.#out + text.slice(this.#copied);
  }

  #comma(): void {
    this.#at++;
    this.#complete = false;
    this.#position?.comma();
  }

  #close(): void {
    this.#at++;
    if (this.#named.depth === this.#depth) this.#named = unnamed;
    this.#broken = --this.#depth < 0;
    this.#complete = true;
    this.#position?.close();
  }

  #value(unit: number): void {
    // Documents in a row are objects and lists.
    if (this.#complete && (this.#depth > 0 || (unit !== 0x7b && unit !== 0x5b))) this.#broken = true;
    else if (unit === 0x22) this.#string();
    else {
      const rule = this.#takeRule();
      if (rule >= 0) this.#replaceOther(rule);
      else if (unit === 0x7b || unit === 0x5b) this.#open(unit === 0x5b);
      else this.#scalar();
    }
  }

  #open(list: boolean): void {
    this.#at++;
    this.#depth++;
    this.#complete = false;
    this.#position?.open(list);
  }

  /** The rule about the value that begins here. */
  #takeRule(): number {
    const rule = this.#rule === -1 ? (this.#position?.rule() ?? -1) : this.#rule;
    this.#rule = -1;
    this.#isName = false;
    return rule;
  }

  #string(): void {
    const start = this.#at + 1;
    const end = stringEnd(this.#text, start);
    if (end === this.#text.length && !this.#mayBeCut) this.#broken = true;
    const next = this.#rule === -1 ? spaceEnd(this.#text, end + 1) : end + 1;
    if (this.#rule === -1 && this.#text.charCodeAt(next) === 0x3a) this.#name(start, end, next + 1);
    else {
      this.#at = end + 1;
      this.#complete = true;
      if (this.#isName) this.#named = { rule: this.#ruleOf(start, end), depth: this.#depth };
      const rule = this.#takeRule();
      if (rule >= 0) this.#replaceString(rule, start, end);
      else this.#leaf(start, end);
    }
  }

  #name(start: number, end: number, next: number): void {
    const name = decodedJson(this.#text.slice(start, end));
    this.#rule = this.#scope.rules.fields.ruleOf(name);
    this.#isName = pairName.test(name);
    if (this.#rule === -1 && this.#named.depth === this.#depth && pairValue.test(name))
      this.#rule = this.#named.rule;
    this.#position?.member(name);
    this.#at = spaceEnd(this.#text, next);
  }

  #ruleOf(start: number, end: number): number {
    return this.#scope.rules.fields.ruleOf(decodedJson(this.#text.slice(start, end)));
  }

  #replaceString(rule: number, start: number, end: number): void {
    const value = this.#text.slice(start, end);
    const cut = end === this.#text.length;
    if (cut && isCutToken(value)) return;
    this.#put(start, end, this.#scope.replacer.replaced(rule, decodedJson(value)));
  }

  #leaf(start: number, end: number): void {
    const cut = end === this.#text.length;
    const found = marksOf(this.#text, this.#scope.rules.marks, { from: start, to: end });
    if (found === 0 && !cut) return;
    const value = this.#text.slice(start, end);
    if ((found & (marks.escape | marks.separator)) === 0 && !cut && !mayHaveForm(this.#scope.rules, value))
      return;
    const escaped = (found & marks.escape) !== 0;
    const plain = escaped ? decodedJson(value) : value;
    const redacted = this.#inner(plain, cut);
    if (redacted !== plain) this.#put(start, end, escaped ? encodedJson(redacted) : redacted);
  }

  /** An object, a list, a number or a word as a whole. That there is nothing may stay. */
  #replaceOther(rule: number): void {
    const start = this.#at;
    const container = "{[".includes(this.#text[start] ?? "");
    const end = container ? containerEnd(this.#text, start) : this.#scalarEnd();
    const value = this.#text.slice(start, end);
    this.#at = end;
    this.#complete = true;
    if (!/^(?:n|nu|nul|null)$/.test(value))
      this.#put(start, end, `"${this.#scope.replacer.replaced(rule, value)}"`);
  }

  /** A number may be that of a card: it is replaced as a whole, too. */
  #scalar(): void {
    const start = this.#at;
    const end = this.#scalarEnd();
    const value = this.#text.slice(start, end);
    this.#at = end;
    this.#complete = true;
    if (value.length < cardDigitsMin || !isCardNumber(value)) return;
    const redacted = this.#inner(value, false);
    if (redacted !== value) this.#put(start, end, `"${redacted}"`);
  }

  #scalarEnd(): number {
    const text = this.#text;
    let end = this.#at;
    let numeric = true;
    for (let kind = scalarKind(text, end); kind !== delimiter; kind = scalarKind(text, ++end))
      numeric &&= kind === numberPart;
    if (numeric && end > this.#at && end - this.#at < longNumberMin) return end;
    const value = text.slice(this.#at, end);
    this.#broken = !scalar.test(value) && !(end === text.length && cutScalar.test(value));
    return end;
  }

  #put(start: number, end: number, replacement: string): void {
    this.#out += this.#text.slice(this.#copied, start) + replacement;
    this.#copied = end;
  }
}

/** Space and line ends, and what separates documents in a sequence (RFC 7464). */
function isBetween(unit: number): boolean {
  return unit === 32 || unit === 10 || unit === 13 || unit === 9 || unit === 0x1e;
}

const cardDigitsMin = 13;
