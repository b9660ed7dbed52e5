/** Runs work a few at a time, in the order it came; undefined when as much as may wait is waiting. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T> | undefined;

export function turns({
  atOnceMax,
  waitingMax,
}: {
  readonly atOnceMax: number;
  readonly waitingMax: number;
}): Turns {
  let working = 0;
  const waiting: (() => void)[] = [];

  async function take<T>(work: () => Promise<T>): Promise<T> {
    if (working >= atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
    else working++;
    try {
      return await work();
    } finally {
      // Whoever waits takes over the place, so that nobody who comes now gets in before.
      const next = waiting.shift();
      if (next === undefined) working--;
      else next();
    }
  }

  return (work) => (working >= atOnceMax && waiting.length >= waitingMax ? undefined : take(work));
}
