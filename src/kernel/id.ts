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
/** The 12 hex digits of `last`. */
let time = "";
const poolBytes = 4096;
let pool = "";
let used = 0;

/**
 * The id of an exchange: `ex_` and a UUIDv7 (RFC 9562) as 32 lowercase hex characters. Ids made by one process
 * sort in the order of their making, also within a millisecond and when the clock steps back.
 */
export function newExchangeId(nowMs: number): string {
  if (nowMs > last) begin(nowMs, randomInt(0x400));
  else if (++counter > 0xfff) begin(last + 1, 0);
  const random = randomHex(16);
  const variant = "89ab"[Number.parseInt(random.slice(0, 1), 16) & 3] ?? "";
  return `ex_${time}${(0x7000 | counter).toString(16)}${variant}${random.slice(1)}`;
}

function begin(ms: number, first: number): void {
  last = ms;
  counter = first;
  time = ms.toString(16).padStart(12, "0");
}

/** At most `poolBytes` digits. */
function randomHex(digits: number): string {
  if (used + digits > pool.length) {
    pool = randomBytes(poolBytes).toString("hex");
    used = 0;
  }
  used += digits;
  return pool.slice(used - digits, used);
}

/** The millisecond an exchange id was made in, or undefined when it is no exchange id. */
export function exchangeTimeMs(id: string): number | undefined {
  return /^ex_[0-9a-f]{32}$/.test(id) ? Number.parseInt(id.slice(3, 15), 16) : undefined;
}
