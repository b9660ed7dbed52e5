import { randomBytes, randomInt } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A random id such as `ep_4fT0…`: the prefix, `_` and 22 base62 characters (131 bits). */
export function newId(prefix: string): string {
  return `${prefix}_${randomText(22)}`;
}

/** Uniformly random base62 text; `length` characters carry 5.95 bits each. */
export function randomText(length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += alphabet[randomInt(alphabet.length)];
  return text;
}

let last = 0;
let counter = 0;
const pool = Buffer.alloc(4096);
let used = pool.length;

/**
 * The id of an exchange: `ex_` and a UUIDv7 (RFC 9562) as 32 lowercase hex characters. Ids made by one process
 * sort in the order of their making, also within a millisecond and when the clock steps back.
 */
export function newExchangeId(nowMs: number): string {
  if (nowMs > last) {
    last = nowMs;
    counter = randomInt(0x400);
  } else if (++counter > 0xfff) {
    last += 1;
    counter = 0;
  }
  if (used + 8 > pool.length) {
    pool.set(randomBytes(pool.length));
    used = 0;
  }
  pool[used] = ((pool[used] ?? 0) & 0x3f) | 0x80;
  const tail = pool.toString("hex", used, used + 8);
  used += 8;
  return `ex_${last.toString(16).padStart(12, "0")}7${counter.toString(16).padStart(3, "0")}${tail}`;
}

/** The millisecond an exchange id was made in, or undefined when it is no exchange id. */
export function exchangeTimeMs(id: string): number | undefined {
  return /^ex_[0-9a-f]{32}$/.test(id) ? Number.parseInt(id.slice(3, 15), 16) : undefined;
}
