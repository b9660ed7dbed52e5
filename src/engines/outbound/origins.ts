import type { Connect } from "./connector.ts";
import type { Destination } from "./destinations.ts";
import type { Guard } from "./guard.ts";
import { originLines } from "./lines.ts";
import type { Lines } from "./lines.ts";
import type { Refusal } from "./outbound.ts";

/** The bounded set of origins that have connections. */
export type Origins = {
  /** The connections that lead there, why none may, or undefined when every place is in use. */
  linesTo(destination: Destination): Lines | Refusal | undefined;
  close(): Promise<void>;
};

const originsMax = 512;

export function openOrigins(guard: Guard, connect: Connect): Origins {
  const entries = new Map<string, { readonly lines: Lines; usedAt: number }>();
  let uses = 0;

  /** Closes the origin unused longest; false when all are in use. */
  function evict(): boolean {
    const [oldest] = [...entries]
      .filter(([, entry]) => entry.lines.quiet)
      .toSorted(([, a], [, b]) => a.usedAt - b.usedAt);
    if (oldest === undefined) return false;
    entries.delete(oldest[0]);
    void oldest[1].lines.close();
    return true;
  }

  return {
    linesTo({ target, href }) {
      const known = entries.get(target.origin);
      if (known !== undefined) {
        known.usedAt = ++uses;
        return known.lines;
      }
      const refusal = guard.check(href);
      if (refusal !== undefined) return refusal;
      if (entries.size >= originsMax && !evict()) return undefined;
      const lines = originLines(target, connect);
      entries.set(target.origin, { lines, usedAt: ++uses });
      return lines;
    },
    async close() {
      await Promise.all([...entries.values()].map((entry) => entry.lines.close()));
      entries.clear();
    },
  };
}
