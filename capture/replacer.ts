import { fromOctets } from "./octets.ts";
import type { RedactionRule } from "./wire.ts";
import { isToken, type Tokens } from "./token.ts";

/** Makes what takes the place of values, and counts for which rule. */
export class Replacer {
  readonly #rules: readonly RedactionRule[];
  readonly #tokens: Tokens;
  #counts: number[];
  #counted = false;

  constructor(rules: readonly RedactionRule[], tokens: Tokens) {
    this.#rules = rules;
    this.#tokens = tokens;
    this.#counts = rules.map(() => 0);
  }

  /**
   * The same for a value that is a token already, and for one that is empty.
   * @param octets the value without escapes of any kind, so that it has the same token wherever it stands
   */
  replaced(rule: number, octets: string): string {
    if (octets === "" || isToken(octets)) return octets;
    this.#counts[rule] = (this.#counts[rule] ?? 0) + 1;
    this.#counted = true;
    return this.#tokens(this.#rules[rule]?.category ?? "secret", fromOctets(octets));
  }

  /** Since the last call. */
  takeCounts(): readonly { readonly rule: string; readonly count: number }[] {
    if (!this.#counted) return [];
    this.#counted = false;
    const counted = this.#rules.map(({ id }, n) => ({ rule: id, count: this.#counts[n] ?? 0 }));
    this.#counts = this.#rules.map(() => 0);
    return counted.filter(({ count }) => count > 0);
  }
}
