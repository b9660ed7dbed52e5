const keptMax = 1_000;
const charactersMax = 300;

/** Texts in which there was nothing to replace: the same ones come with most requests. */
export class CleanTexts {
  readonly #kept = new Set<string>();

  has(text: string): boolean {
    return this.#kept.has(text);
  }

  add(text: string): void {
    if (text.length > charactersMax) return;
    if (this.#kept.size >= keptMax) this.#kept.clear();
    this.#kept.add(text);
  }
}
