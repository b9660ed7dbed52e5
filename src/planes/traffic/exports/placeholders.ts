import { redactedValue, replacedValues, variableOf } from "../../../registry/redaction.ts";

/** Replaced values by the variable that stands for each, the same for the same value. */
export class Placeholders {
  readonly #names: string[] = [];
  readonly #byToken = new Map<string, string>();

  in(text: string, write: (name: string) => string): string {
    return text.replaceAll(replacedValues, (replaced) => write(this.#nameOf(replaced)));
  }

  needed(comment: string): readonly string[] {
    return this.#names.length === 0
      ? []
      : [`${comment} Set ${this.#names.join(", ")} first: the values were redacted.`];
  }

  /** The mark says nothing of the value, so that each place has a variable of its own. */
  #nameOf(replaced: string): string {
    const known = this.#byToken.get(replaced);
    if (known !== undefined) return known;
    const name = `${variableOf(replaced)}_${this.#names.length + 1}`;
    this.#names.push(name);
    if (replaced !== redactedValue) this.#byToken.set(replaced, name);
    return name;
  }
}
