/** A binary heap whose items may die while they are in it: dead items are never handed out and do not pile up. */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #alive: (item: T) => boolean;
  #items: T[] = [];
  #dead = 0;

  /** `before` orders the items; an item for which `alive` is false stays out of sight. */
  constructor(before: (a: T, b: T) => boolean, alive: (item: T) => boolean) {
    this.#before = before;
    this.#alive = alive;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = items[up];
      if (parent === undefined || !this.#before(item, parent)) break;
      items[at] = parent;
      at = up;
    }
    items[at] = item;
  }

  peek(): T | undefined {
    for (let top = this.#items[0]; top !== undefined; top = this.#items[0]) {
      if (this.#alive(top)) return top;
      this.#drop();
    }
    this.#dead = 0;
    return undefined;
  }

  pop(): T | undefined {
    const top = this.peek();
    if (top !== undefined) this.#drop();
    return top;
  }

  /** To be told when an item in the heap has died; rebuilds the heap once half of it is dead. */
  bury(): void {
    this.#dead++;
    if (this.#dead < 64 || this.#dead * 2 < this.#items.length) return;
    const living = this.#items.filter(this.#alive);
    this.#items = [];
    this.#dead = 0;
    for (const item of living) this.push(item);
  }

  #drop(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child = this.#smaller(left, left + 1);
      const item = items[child];
      if (item === undefined || !this.#before(item, last)) break;
      items[at] = item;
      at = child;
    }
    items[at] = last;
  }

  #smaller(left: number, right: number): number {
    const a = this.#items[left];
    const b = this.#items[right];
    return a !== undefined && b !== undefined && this.#before(b, a) ? right : left;
  }
}
