import type { Scope } from "./scope.ts";

/** Of going over a text until nothing changes. */
const roundsMax = 4;

/** Undefined for a text that does not come to rest. */
export function untilStable(octets: string, redact: (text: string) => string): string | undefined {
  let text = octets;
  for (let rounds = 0; rounds < roundsMax; rounds++) {
    const next = redact(text);
    if (next === text) return text;
    text = next;
  }
  return undefined;
}

export function replacedWhole({ rules, replacer }: Scope, octets: string): string {
  return replacer.replaced(rules.patterns.at(-1)?.rule ?? rules.detectors.at(-1)?.rule ?? 0, octets);
}
