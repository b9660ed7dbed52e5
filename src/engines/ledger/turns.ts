/** Runs works one after another, in the order asked; a failed one does not stop the next. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The changes to stored content (redact, seal, remove) each read first and write what follows from it; in turns none
 * of them meets a row that another has changed since. Callers are bounded by the callers of the ledger.
 */
export function turns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
