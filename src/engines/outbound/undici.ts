import type { Clock } from "../../kernel/clock.ts";
import type { Cidr } from "./address.ts";
import { connectTimeoutMs, guardedConnect, resolved, systemNames } from "./connector.ts";
import type { Lookup } from "./connector.ts";
import { destinations } from "./destinations.ts";
import { guard, parse, unresolved } from "./guard.ts";
import type { Guard } from "./guard.ts";
import { openOrigins } from "./origins.ts";
import type { Outbound, OutboundRequest, Outcome, Refusal } from "./outbound.ts";
import type { OwnListeners } from "./own-listeners.ts";
import { ConnectError, messageOf } from "./reasons.ts";
import { Transfer } from "./transfer.ts";

const timeoutMaxMs = 120_000;

/** Headers that belong to the connection and to framing, which only the engine knows. */
const transportHeaders = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

export type UndiciOptions = {
  /** Addresses that may be reached though they are not public: the operator's SLUICE_OUTBOUND_ALLOW. */
  readonly allow: readonly Cidr[];
  readonly own: OwnListeners;
  readonly clock: Clock;
  /** How names are resolved; the system's way when left out. */
  readonly lookup?: Lookup;
  /** PEM of certificate authorities trusted besides the system's. */
  readonly ca?: string;
};

/**
 * Outbound on undici's HTTP/1.1 client. Per origin at most 64 connections and 1,024 requests waiting for one, at
 * most 512 origins (the one unused longest is closed). A request that carries a header of the transport, such as
 * Host, or one that HTTP does not allow, is answered `unreachable`/`protocol`: leaving it out is the caller's part.
 */
export function undiciOutbound(options: UndiciOptions): Outbound {
  const { allow, own, clock, lookup = systemNames, ca } = options;
  const rules = guard(allow, own);
  const read = destinations(rules);
  const origins = openOrigins(rules, guardedConnect({ guard: rules, lookup, ca }));
  let closed = false;

  function start(request: OutboundRequest, settle: (outcome: Outcome) => void): void {
    const timing = { startedAt: clock.now(), totalMs: 0, firstByteMs: null, address: null };
    const unreachable = (reason: "protocol" | "aborted" | "network", message: string) =>
      settle({ kind: "unreachable", reason, message, timing });
    const refused = (refusal: Refusal) => settle({ kind: "refused", refusal, timing });

    if (closed || request.signal?.aborted === true) return unreachable("aborted", messageOf("aborted"));
    const destination = read(request.url);
    if ("reason" in destination) return refused(destination);
    const lines = origins.linesTo(destination);
    if (lines === undefined) return unreachable("network", busy);
    if ("reason" in lines) return refused(lines);
    const owned = request.headers.find(([name]) => transportHeaders.has(name.toLowerCase()));
    if (owned !== undefined)
      return unreachable("protocol", `The header "${owned[0]}" cannot be carried over.`);
    const transfer = new Transfer(request, destination.path, clock, settle);
    if (!lines.carry(transfer)) transfer.refuse(busy);
  }

  return {
    send(request) {
      if (!(request.timeoutMs >= 1 && request.timeoutMs <= timeoutMaxMs))
        throw new RangeError(`timeoutMs must be 1 to ${timeoutMaxMs}`);
      return new Promise((settle) => start(request, settle));
    },
    check: (url) => rules.check(url),
    resolve: (url) => resolveOnce(rules, lookup, url),
    async close() {
      closed = true;
      await origins.close();
    },
  };
}

const busy = "Too many requests are under way; try again later.";

async function resolveOnce(rules: Guard, lookup: Lookup, text: string): Promise<Refusal | undefined> {
  const refusal = rules.check(text);
  const url = parse(text);
  if (refusal !== undefined || url === undefined) return refusal;
  const target = rules.read(url);
  if ("reason" in target || target.literal) return undefined;
  try {
    const addresses = await resolved(lookup, target.host, AbortSignal.timeout(connectTimeoutMs));
    return rules.judge(target, addresses);
  } catch (error) {
    if (error instanceof ConnectError) return unresolved(target.host, error.message);
    throw error;
  }
}
