import { InvalidRule } from "./invalid-rule.ts";
import { fromOctets } from "./octets.ts";

const charactersMax = 200;
/** Names whose rule is remembered, and how long they are at most. */
const rememberedMax = 2_000;
const rememberedCharactersMax = 64;

/** What a name comes down to when neither case nor dashes, underscores, dots and spaces count. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, "");
}

type Wanted = {
  readonly rule: number;
  readonly name: string;
  readonly starts: boolean;
  readonly ends: boolean;
};

/** Which rule is about a name: `password`, `*token`, `secret*` or `*credential*`, the first that fits. */
export class FieldNames {
  readonly #exact = new Map<string, number>();
  readonly #open: Wanted[] = [];
  readonly #remembered = new Map<string, number>();

  /** @throws InvalidRule for a name without a character that counts, and for one of more than 200 characters */
  add(field: string, rule: number): void {
    if (field.length > charactersMax)
      throw new InvalidRule(
        "",
        `The name has ${field.length} characters, at most ${charactersMax} are allowed.`,
      );
    const name = plainName(field.replace(/^\*/, "").replace(/\*$/, ""));
    if (name === "" || name.includes("*"))
      throw new InvalidRule("", "A name may have a star in front and behind, and has something between.");
    if (!field.includes("*")) this.#exact.set(name, Math.min(this.#exact.get(name) ?? rule, rule));
    else this.#open.push({ rule, name, starts: !field.startsWith("*"), ends: !field.endsWith("*") });
  }

  /** The number of the rule, or -1. */
  ruleOf(octets: string): number {
    const remembered = this.#remembered.get(octets);
    if (remembered !== undefined) return remembered;
    const rule = this.#find(plainName(fromOctets(octets)));
    if (octets.length > rememberedCharactersMax) return rule;
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear();
    this.#remembered.set(octets, rule);
    return rule;
  }

  #find(name: string): number {
    const exact = this.#exact.get(name) ?? Infinity;
    const open = this.#open.find((wanted) => fits(wanted, name))?.rule ?? Infinity;
    const rule = Math.min(exact, open);
    return rule === Infinity ? -1 : rule;
  }
}

function fits({ name: wanted, starts, ends }: Wanted, name: string): boolean {
  if (starts) return name.startsWith(wanted);
  return ends ? name.endsWith(wanted) : name.includes(wanted);
}
