/** How well groups that were found are those that there are. */
export class Purity {
  readonly #counts = new Map<string, Map<string, number>>();
  #all = 0;

  add(group: string, truth: string): void {
    const within = this.#counts.get(group) ?? new Map<string, number>();
    this.#counts.set(group, within);
    within.set(truth, (within.get(truth) ?? 0) + 1);
    this.#all++;
  }

  get groups(): number {
    return this.#counts.size;
  }

  get truths(): number {
    return this.#largest().size;
  }

  /** Share of those that belong with most of their group. */
  get purity(): number {
    const right = [...this.#counts.values()].reduce((sum, within) => sum + Math.max(...within.values()), 0);
    return right / this.#all;
  }

  /** Share of those that are in the largest group of their kind. */
  get completeness(): number {
    return [...this.#largest().values()].reduce((sum, count) => sum + count, 0) / this.#all;
  }

  #largest(): ReadonlyMap<string, number> {
    const largest = new Map<string, number>();
    for (const within of this.#counts.values())
      for (const [truth, count] of within) largest.set(truth, Math.max(count, largest.get(truth) ?? 0));
    return largest;
  }
}
