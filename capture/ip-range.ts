import { InvalidRule } from "./invalid-rule.ts";

/** Bytes of an address: 4 or 16 of them. An IPv4 address that is written as IPv6 counts as IPv4. */
type Address = readonly number[];

const v4InV6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/**
 * Compiles an address or a range in CIDR notation (RFC 4632, RFC 4291) of either family.
 * @throws InvalidRule when it is neither
 */
export function compileIpRange(source: string): (ip: string) => boolean {
  const [, written = "", bits] = /^([^/]{1,50})(?:\/(\d{1,3}))?$/.exec(source) ?? [];
  const base = addressOf(written);
  if (base === undefined) throw new InvalidRule("", "This is no IP address and no range such as 10.0.0.0/8.");
  const skipped = written.includes(":") && base.length === 4 ? v4InV6.length * 8 : 0;
  const length = bits === undefined ? base.length * 8 : Number(bits) - skipped;
  if (length < 0 || length > base.length * 8)
    throw new InvalidRule(
      "",
      `A range of these addresses ends in /${skipped} to /${skipped + base.length * 8}.`,
    );
  return (ip) => {
    const address = addressOf(ip);
    return address?.length === base.length && samePrefix(address, base, length);
  };
}

function samePrefix(one: Address, other: Address, bits: number): boolean {
  return one.every((byte, n) => {
    const counted = Math.min(Math.max(bits - n * 8, 0), 8);
    return (byte ^ (other[n] ?? 0)) >> (8 - counted) === 0;
  });
}

function addressOf(text: string): Address | undefined {
  const plain = text.replace(/%.*$/s, "");
  if (!plain.includes(":")) return v4(plain);
  const bytes = v6(plain);
  return bytes !== undefined && v4InV6.every((byte, n) => bytes[n] === byte) ? bytes.slice(12) : bytes;
}

function v4(text: string): Address | undefined {
  const parts = text.split(".");
  const known = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return known ? parts.map(Number) : undefined;
}

function v6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map(groups);
  if (before === undefined) return undefined;
  if (halves.length === 1) return before.length === 16 ? before : undefined;
  if (after === undefined || before.length + after.length > 14) return undefined;
  return [...before, ...Array.from({ length: 16 - before.length - after.length }, () => 0), ...after];
}

/** Groups of 16 bits, the last of which may be an IPv4 address. */
function groups(text: string): Address | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  for (const [n, group] of text.split(":").entries()) {
    const four = group.includes(".") && n === text.split(":").length - 1 ? v4(group) : undefined;
    if (four !== undefined) bytes.push(...four);
    else if (/^[\da-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255);
    else return undefined;
  }
  return bytes.length <= 16 ? bytes : undefined;
}
