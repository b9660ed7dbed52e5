import type { HeaderPair } from "./wire.ts";

const keptMax = 1_000;
const charactersMax = 300;

/** Headers in which there was nothing to replace: the same ones come with most requests. */
export class CleanHeaders {
  readonly #kept = { request: new Set<string>(), response: new Set<string>() };

  has(side: "request" | "response", header: HeaderPair): boolean {
    return this.#kept[side].has(keyOf(header));
  }

  add(side: "request" | "response", header: HeaderPair): void {
    const kept = this.#kept[side];
    const key = keyOf(header);
    if (key.length > charactersMax) return;
    if (kept.size >= keptMax) kept.clear();
    kept.add(key);
  }
}

/** Where the name ends is told by its length: any character may stand in what was sent. */
function keyOf([name, value]: HeaderPair): string {
  return `${name.length} ${name}${value}`;
}
