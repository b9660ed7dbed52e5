import type { JournalEntry } from "./group-write.ts";

/**
 * The jobs that the entries of a group speak of. Within one statement nothing follows upon anything, so an entry that
 * ends a job cannot be in one group with another that ends or adds the same; the second of two that add it is not added.
 */
export class Mentioned {
  readonly #finished = new Set<string>();
  readonly #added = new Set<string>();

  add({ jobs, finish }: JournalEntry): void {
    for (const { id } of jobs) this.#added.add(id);
    if (finish !== undefined) this.#finished.add(finish.job);
  }

  clashes({ jobs, finish }: JournalEntry): boolean {
    if (finish !== undefined && (this.#finished.has(finish.job) || this.#added.has(finish.job))) return true;
    return this.#finished.size > 0 && jobs.some(({ id }) => this.#finished.has(id));
  }
}
