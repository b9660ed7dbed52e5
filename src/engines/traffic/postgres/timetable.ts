import { Heap } from "../heap.ts";

type Item = { readonly name: string; readonly at: number };

/** When something is to happen to whom; times are in ms since the epoch. */
export class Timetable {
  readonly #items = new Map<string, Item>();
  readonly #byTime = new Heap<Item>(
    (a, b) => a.at < b.at,
    (item) => this.#items.get(item.name) === item,
  );

  get size(): number {
    return this.#items.size;
  }

  /** Infinity = nothing is to happen. */
  get nextAt(): number {
    return this.#byTime.peek()?.at ?? Infinity;
  }

  set(name: string, at: number): void {
    this.delete(name);
    const item = { name, at };
    this.#items.set(name, item);
    this.#byTime.push(item);
  }

  /** Keeps the earlier time when one is set already. */
  hasten(name: string, at: number): void {
    if (at < (this.#items.get(name)?.at ?? Infinity)) this.set(name, at);
  }

  delete(name: string): void {
    if (this.#items.delete(name)) this.#byTime.bury();
  }

  /** Takes the next one whose time has come. */
  due(now: number): string | undefined {
    if (this.nextAt > now) return undefined;
    const name = this.#byTime.pop()?.name;
    if (name !== undefined) this.#items.delete(name);
    return name;
  }
}
