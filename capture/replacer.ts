import { fromOctets } from "./octets.ts";
import type { RedactionRule } from "./wire.ts";
import { isToken, type Tokens } from "./token.ts";

/** Makes what takes the place of values, and counts for which rule. */
export class Replacer {
  readonly #rules: readonly RedactionRule[];
  readonly #tokens: Tokens;
  readonly #counts = new Map<number, number>();

  constructor(rules: readonly RedactionRule[], tokens: Tokens) {
    this.#rules = rules;
    this.#tokens = tokens;
  }

  /**
   * The same for a value that is a token already, and for one that is empty.
   * @param octets the value without escapes of any kind, so that it has the same token wherever it stands
   */
  replaced(rule: number, octets: string): string {
    if (octets === "" || isToken(octets)) return octets;
    this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1);
    return this.#tokens(this.#rules[rule]?.category ?? "secret", fromOctets(octets));
  }

  /** Since the last call, in the order of the rules. */
  takeCounts(): readonly { readonly rule: string; readonly count: number }[] {
    if (this.#counts.size === 0) return [];
    const counts = [...this.#counts].toSorted(([one], [other]) => one - other);
    this.#counts.clear();
    return counts.map(([n, count]) => ({ rule: this.#rules[n]?.id ?? "", count }));
  }
}
