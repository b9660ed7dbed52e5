import { isIP } from "node:net";
import { Failure } from "../../kernel/failure.ts";

/** An IP address as a number of 32 or 128 bits. */
export type Address = { readonly bits: 32 | 128; readonly value: bigint };

/** A range of addresses (RFC 4632); `text` is how a person wrote it. */
export type Cidr = Address & { readonly prefix: number; readonly text: string };

/** Undefined when it is no address, or carries a zone (`fe80::1%eth0`), which is never a destination. */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 4) return { bits: 32, value: numberOf(text.split(".").map(Number), 8n) };
  if (family === 6 && !text.includes("%")) return { bits: 128, value: numberOf(groupsOf(text), 16n) };
  return undefined;
}

function numberOf(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((value, part) => (value << width) | BigInt(part), 0n);
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const before = groupsIn(head);
  if (tail === undefined) return before;
  const after = groupsIn(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function groupsIn(text: string): number[] {
  return text.split(":").flatMap((group) => {
    if (group === "") return [];
    if (!group.includes(".")) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

export function within(address: Address, range: Cidr): boolean {
  const hostBits = BigInt(range.bits - range.prefix);
  return address.bits === range.bits && address.value >> hostBits === range.value >> hostBits;
}

/** One range such as `10.0.0.0/8`; a bare address is a range of one. Undefined when it is neither. */
export function parseCidr(text: string): Cidr | undefined {
  const [host = "", length, ...rest] = text.split("/");
  const address = parseAddress(host);
  if (address === undefined || rest.length > 0) return undefined;
  if (length === undefined) return { ...address, prefix: address.bits, text };
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Infinity;
  return prefix <= address.bits ? { ...address, prefix, text } : undefined;
}

const cidrsMax = 256;

/**
 * The operator's list of ranges, separated by commas or spaces, in the `setting` of that name.
 * @throws Failure invalid naming the item that is no range, has bits set behind its prefix, or is IPv4-mapped
 */
export function parseCidrs(text: string, setting = "SLUICE_OUTBOUND_ALLOW"): readonly Cidr[] {
  const unusable = (problem: string, hint: string): Failure =>
    new Failure("invalid", `${setting} ${problem}.`, { hint });
  const items = text.split(/[\s,]+/).filter((item) => item !== "");
  if (items.length > cidrsMax)
    throw unusable(`has more than ${cidrsMax} ranges`, "Merge neighbouring ranges.");
  return items.map((item) => {
    const range = parseCidr(item);
    if (range === undefined)
      throw unusable(`contains "${item}", which is not an IP range`, "Write ranges such as 10.0.0.0/8.");
    const hostBits = BigInt(range.bits - range.prefix);
    if ((range.value >> hostBits) << hostBits !== range.value)
      throw unusable(
        `contains "${item}", whose address does not start its range`,
        "Write the first address of the range, such as 10.0.0.0/8.",
      );
    if (isMapped(range))
      throw unusable(`contains "${item}", an IPv4-mapped range`, "Write the IPv4 range itself.");
    return range;
  });
}

/** `::ffff:0:0/96` (RFC 4291): a second spelling of IPv4, which nobody publishes and filters forget. */
export function isMapped(address: Address): boolean {
  return address.bits === 128 && address.value >> 32n === 0xffffn;
}

type Block = { readonly range: Cidr; readonly what: string; readonly allow: string | null };

/** `allow` is what an operator would put on the list to reach it; null is the single address. */
function block(text: string, what: string, allow: string | null = null): Block {
  const range = parseCidr(text);
  if (range === undefined) throw new Error(`${text} is no range`);
  return { range, what, allow };
}

const loopback = "127.0.0.0/8,::1/128";

/** The special-purpose registries of IANA for IPv4 and IPv6, and addresses where clouds serve credentials. */
const blocks: readonly Block[] = [
  block("127.0.0.0/8", "this machine", loopback),
  block("::1/128", "this machine", loopback),
  block("10.0.0.0/8", "a private network", "10.0.0.0/8"),
  block("172.16.0.0/12", "a private network", "172.16.0.0/12"),
  block("192.168.0.0/16", "a private network", "192.168.0.0/16"),
  block("fc00::/7", "a private network", "fc00::/7"),
  block("100.64.0.0/10", "a shared carrier network", "100.64.0.0/10"),
  block("169.254.0.0/16", "a link-local address, where clouds serve credentials"),
  block("fe80::/10", "a link-local address"),
  block("168.63.129.16/32", "a cloud's control address"),
  block("192.0.0.0/24", "a special-purpose address"),
  block("0.0.0.0/8", "no destination"),
  block("::/128", "no destination"),
  block("192.0.2.0/24", "a documentation address"),
  block("198.51.100.0/24", "a documentation address"),
  block("203.0.113.0/24", "a documentation address"),
  block("2001:db8::/32", "a documentation address"),
  block("3fff::/20", "a documentation address"),
  block("192.31.196.0/24", "a special-purpose address"),
  block("192.52.193.0/24", "a special-purpose address"),
  block("192.175.48.0/24", "a special-purpose address"),
  block("2620:4f:8000::/48", "a special-purpose address"),
  block("192.88.99.0/24", "a 6to4 relay"),
  block("2002::/16", "a 6to4 address, which wraps an IPv4 address"),
  block("64:ff9b::/96", "a NAT64 address, which wraps an IPv4 address"),
  block("64:ff9b:1::/48", "a NAT64 address, which wraps an IPv4 address"),
  block("2001::/23", "a special-purpose address, such as Teredo, which wraps an IPv4 address"),
  block("198.18.0.0/15", "a benchmarking address"),
  block("224.0.0.0/4", "a multicast address"),
  block("ff00::/8", "a multicast address"),
  block("240.0.0.0/4", "a reserved address"),
];

const globalUnicast = block("2000::/3", "");

/**
 * Why an address is no public destination, and the range that would allow it (null: nothing does). Undefined for
 * a public address. IPv6 is refused by default: only `2000::/3` is ever public.
 */
export function whyNotPublic(
  address: Address,
  text: string,
): { readonly what: string; readonly allow: string | null } | undefined {
  if (isMapped(address)) return { what: "an IPv4-mapped address", allow: null };
  const single = `${text}/${address.bits}`;
  const found = blocks.find((candidate) => within(address, candidate.range));
  if (found !== undefined) return { what: found.what, allow: found.allow ?? single };
  if (address.bits === 32 || within(address, globalUnicast.range)) return undefined;
  return { what: "not a public IPv6 address", allow: single };
}
