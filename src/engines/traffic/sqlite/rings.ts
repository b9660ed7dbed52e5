import type { Lane, Line } from "./lane.ts";
import { Ring } from "./ring.ts";

/** The lines that may have a job to hand out, by name, each waiting for its turn. */
export class Rings {
  readonly #rings = new Map<string, Ring<Line>>();

  get empty(): boolean {
    for (const ring of this.#rings.values()) if (ring.size > 0) return false;
    return true;
  }

  of(names: readonly string[]): Ring<Line>[] {
    return names.flatMap((name) => this.#rings.get(name) ?? []);
  }

  rouse(line: Line): void {
    if (line.awake) return;
    line.awake = true;
    let ring = this.#rings.get(line.name);
    if (ring === undefined) this.#rings.set(line.name, (ring = new Ring()));
    ring.push(line);
  }

  rouseAll(lane: Lane): void {
    for (const line of lane.lines.values()) this.rouse(line);
  }
}
