import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { plainAddress } from "./connection.ts";

/** Whether who is at this address is believed about where a request came from. */
export type TrustedProxies = (address: string) => boolean;

/** Proxies behind each other. */
const hopsMax = 32;

/**
 * The address that a request was sent from: the other end of the connection (`peer`) or, while that is a trusted proxy, whom it
 * took the request from, by `X-Forwarded-For` read from its right end. What stands left of the first address that is not
 * trusted was written by anybody.
 */
export function senderOf(
  peer: string,
  { headers }: Pick<IncomingMessage, "headers">,
  isTrusted: TrustedProxies | undefined,
): string {
  if (isTrusted === undefined || !isTrusted(peer)) return peer;
  const hops = [headers["x-forwarded-for"] ?? []].flat().join(",").split(",").slice(-hopsMax);
  let sender = peer;
  for (const hop of hops.toReversed()) {
    const address = addressIn(hop);
    if (address === undefined) return sender;
    sender = address;
    if (!isTrusted(sender)) return sender;
  }
  return sender;
}

/** Some proxies write the port too. */
function addressIn(hop: string): string | undefined {
  const text = hop.trim().toLowerCase();
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) !== 0 && !bare.includes("%") ? plainAddress(bare) : undefined;
}
