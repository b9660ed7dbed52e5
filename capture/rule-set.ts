import { detectors } from "./detectors.ts";
import type { Span } from "./detectors/detector.ts";
import { FieldNames } from "./field-names.ts";
import { addFieldPath, type FieldNode, type FieldStep, newFieldNode, readFieldPath } from "./field-path.ts";
import { at, InvalidRule } from "./invalid-rule.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { categoryForm } from "./token.ts";
import {
  type DetectorName,
  detectorNames,
  redactionPlaces,
  type RedactionPlace,
  type RedactionRule,
} from "./wire.ts";

const asciiEnd = 0x80;
const rulesMax = 1_000;

/** Bits of `RuleSet.marks`: a separator of name and value, an escape, a character that forms are found by. */
export const marks = { separator: 1, escape: 2, form: 4 } as const;

/** Finds values by their form, for the rule of this number. */
export type Matcher = {
  readonly rule: number;
  readonly find: (text: string, from: number) => Span | undefined;
};

export type DetectorMatcher = Matcher & { readonly name: DetectorName };

export type PatternMatcher = { readonly rule: number; readonly pattern: Pattern };

/** Rules that hold in one place. Those of more than one kind are known by their number in the list. */
export type RuleSet = {
  readonly headers: ReadonlyMap<string, number>;
  readonly fields: FieldNames;
  /** With the last names of paths as well, where a text has names but no structure. */
  readonly looseFields: FieldNames;
  readonly paths: FieldNode | undefined;
  readonly detectors: readonly DetectorMatcher[];
  /** Matches in every text in which one of the detectors finds something. */
  readonly trigger: RegExp | undefined;
  /** What a character may be a part of, by its code. */
  readonly marks: Uint8Array;
  readonly patterns: readonly PatternMatcher[];
};

/** Everything that can be wrong with rules is found here. @throws InvalidRule */
export function checkRules(rules: readonly RedactionRule[]): void {
  if (rules.length > rulesMax)
    throw new InvalidRule("", `There are ${rules.length} rules, at most ${rulesMax} are allowed.`);
  for (const [n, { category, places }] of rules.entries()) {
    if (!categoryForm.test(category) || /-[0-9a-f]{12}(-|$)/.test(category))
      throw new InvalidRule(
        `/${n}/category`,
        "A category is a lower-case letter and up to 29 more letters, digits, dashes or underscores.",
      );
    const unknown = places.findIndex((place) => !redactionPlaces.includes(place));
    if (unknown !== -1)
      throw new InvalidRule(`/${n}/places/${unknown}`, `Places are ${redactionPlaces.join(", ")}.`);
  }
  compileRules(rules, undefined);
}

/** @param place undefined for all rules, wherever they hold */
export function compileRules(rules: readonly RedactionRule[], place: RedactionPlace | undefined): RuleSet {
  const builder = new Builder();
  for (const [rule, { places, match }] of rules.entries())
    if (place === undefined || places.length === 0 || places.includes(place))
      at(`/${rule}/match`, () => builder.add(rule, match));
  return builder.build();
}

/** The rule that the detector stands in, or else any that has a detector; -1 when none has. */
export function ruleOfDetector({ detectors: all }: RuleSet, wanted: DetectorName): number {
  return (all.find(({ name }) => name === wanted) ?? all[0])?.rule ?? -1;
}

/** In a path a name says something about what follows it only where a rule is about paths. */
export function pathNames(rules: readonly RedactionRule[]): FieldNames {
  const names = new FieldNames();
  for (const [rule, { places, match }] of rules.entries())
    if (places.includes("request.path") && "field" in match && !match.field.startsWith("$"))
      names.add(match.field, rule);
  return names;
}

class Builder {
  readonly #headers = new Map<string, number>();
  readonly #fields = new FieldNames();
  readonly #looseFields = new FieldNames();
  readonly #paths: FieldNode = newFieldNode();
  readonly #detectors: DetectorMatcher[] = [];
  readonly #triggers: string[] = [];
  readonly #marks = new Uint8Array(256);
  readonly #patterns: PatternMatcher[] = [];

  add(rule: number, match: RedactionRule["match"]): void {
    if ("header" in match) at("/header", () => this.#addHeader(rule, match.header));
    else if ("field" in match) at("/field", () => this.#addField(rule, match.field));
    else if ("pattern" in match)
      at("/pattern", () => this.#patterns.push({ rule, pattern: compilePattern(match.pattern) }));
    else this.#addDetector(rule, match.detector);
  }

  build(): RuleSet {
    for (const separator of ":=%") this.#mark(separator, marks.separator);
    this.#mark("\\", marks.escape);
    for (const { pattern } of this.#patterns)
      for (let code = 0; code < this.#marks.length; code++)
        if (code >= asciiEnd || pattern.begins(code)) this.#mark(String.fromCharCode(code), marks.form);
    return {
      marks: this.#marks,
      headers: this.#headers,
      fields: this.#fields,
      looseFields: this.#looseFields,
      paths: this.#paths.children.size > 0 ? this.#paths : undefined,
      detectors: this.#detectors,
      trigger: this.#triggers.length > 0 ? new RegExp(this.#triggers.join("|")) : undefined,
      patterns: this.#patterns,
    };
  }

  #mark(character: string, mark: number): void {
    const code = character.charCodeAt(0);
    this.#marks[code] = (this.#marks[code] ?? 0) | mark;
  }

  #addHeader(rule: number, header: string): void {
    if (!/^[\w!#$%&'*+.^`|~-]{1,200}$/.test(header))
      throw new InvalidRule("", "This is no name of a header.");
    const name = header.toLowerCase();
    if (!this.#headers.has(name)) this.#headers.set(name, rule);
  }

  #addField(rule: number, field: string): void {
    if (!field.startsWith("$")) {
      this.#fields.add(field, rule);
      this.#looseFields.add(field, rule);
      return;
    }
    const steps = readFieldPath(field);
    addFieldPath(this.#paths, steps, rule);
    const last = steps.findLast((step: FieldStep) => typeof step === "string");
    if (typeof last === "string") this.#looseFields.add(last, rule);
  }

  #addDetector(rule: number, name: DetectorName): void {
    if (!detectorNames.includes(name))
      throw new InvalidRule("/detector", `Detectors are ${detectorNames.join(", ")}.`);
    const { find, trigger, marks: characters } = detectors[name];
    for (const character of characters) this.#mark(character, marks.form);
    this.#detectors.push({ rule, find, name });
    this.#triggers.push(trigger);
  }
}
