const keptMax = 1_000;
const charactersMax = 300;

/** Texts by name in which there was nothing to replace: the same ones come with most requests. */
export class CleanTexts {
  readonly #byName = new Map<string, Set<string>>();
  #count = 0;

  has(name: string, text: string): boolean {
    return this.#byName.get(name)?.has(text) === true;
  }

  add(name: string, text: string): void {
    if (name.length + text.length > charactersMax) return;
    if (this.#count >= keptMax) {
      this.#byName.clear();
      this.#count = 0;
    }
    const kept = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, kept.add(text));
    this.#count++;
  }
}
