import { hash, timingSafeEqual } from "node:crypto";

/** Text that must not reach a log, an error or a reply by accident: it prints as `[secret]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The one way to the text: search for `.reveal(` to see every use. */
  reveal(): string {
    return this.#text;
  }

  toJSON(): string {
    return "[secret]";
  }

  toString(): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}

/** SHA-256 of a high-entropy secret, hex. What is stored instead of it. */
export function fingerprint(text: string): string {
  return hash("sha256", text);
}

/** Compares in constant time; different lengths are unequal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
