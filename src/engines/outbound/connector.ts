import { lookup as systemLookup } from "node:dns/promises";
import { connect as connectPlain, isIP } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { connect as connectTls, getCACertificates } from "node:tls";
import type { Guard, Target } from "./guard.ts";
import { ConnectError, messageOf, reasonOf } from "./reasons.ts";

/** Every address of a name, in the order to try them. Rejects when there is none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export const systemNames: Lookup = async (name) =>
  (await systemLookup(name, { all: true })).map((entry) => entry.address);

/** Opens a connection to addresses that the guard judged, or rejects with a `ConnectError`. */
export type Connect = (target: Target, signal: AbortSignal) => Promise<Socket>;

/** Over resolving, TCP and TLS together. */
export const connectTimeoutMs = 5_000;
const addressesTriedMax = 6;
const attemptTimeoutMs = 1_000;

/** `ca` is PEM text of certificate authorities that are trusted besides the system's. */
export function guardedConnect(rules: {
  readonly guard: Guard;
  readonly lookup: Lookup;
  readonly ca: string | undefined;
}): Connect {
  const authorities = rules.ca === undefined ? undefined : [...getCACertificates("default"), rules.ca];

  function open(target: Target, addresses: readonly string[]): Socket {
    const where = {
      host: target.host,
      port: target.port,
      lookup: pinned(addresses.slice(0, addressesTriedMax)),
      noDelay: true,
      keepAlive: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: attemptTimeoutMs,
    };
    if (!target.secure) return connectPlain(where);
    return connectTls({
      ...where,
      servername: target.literal ? "" : target.host,
      ALPNProtocols: ["http/1.1"],
      minVersion: "TLSv1.2",
      // Said here so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
      rejectUnauthorized: true,
      ...(authorities === undefined ? {} : { ca: authorities }),
    });
  }

  return async (target, signal) => {
    const timer = AbortSignal.timeout(connectTimeoutMs);
    const stop = AbortSignal.any([signal, timer]);
    const addresses = target.literal ? [target.host] : await resolved(rules.lookup, target.host, stop);
    if (stop.aborted) throw stopped(stop);
    const refusal = rules.guard.judge(target, addresses);
    if (refusal !== undefined) throw new ConnectError("network", refusal.message, refusal);
    return connected(open(target, addresses), target.secure, stop);
  };
}

/** The addresses of a name, at least one. Rejects with a `ConnectError`, also when `stop` comes first. */
export async function resolved(lookup: Lookup, name: string, stop: AbortSignal): Promise<readonly string[]> {
  if (stop.aborted) throw stopped(stop);
  const { promise: given, reject: giveUp } = Promise.withResolvers<never>();
  const onStop = () => giveUp(stopped(stop));
  stop.addEventListener("abort", onStop, { once: true });
  try {
    const addresses = await Promise.race([lookup(name), given]);
    if (addresses.length === 0) throw new ConnectError("dns", "The name has no address.");
    return addresses;
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    throw new ConnectError("dns", messageOf("dns", error instanceof Error ? error : undefined));
  } finally {
    stop.removeEventListener("abort", onStop);
  }
}

/** Hands the socket the addresses that were judged, so that the name is never resolved a second time. */
function pinned(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, options, callback) => {
    const [first] = entries;
    if (options.all === true) callback(null, entries);
    else if (first !== undefined) callback(null, first.address, first.family);
  };
}

function connected(socket: Socket, secure: boolean, stop: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  let reached = false;
  const onStop = () => {
    reject(stopped(stop));
    socket.destroy();
  };
  const onError = (error: Error) => {
    const reason = reasonOf(error);
    // Whatever breaks between TCP and the end of the handshake, other than a cut, is TLS.
    const said = reached && secure && reason !== "reset" ? "tls" : reason;
    reject(new ConnectError(said, messageOf(said, error)));
  };
  const onReady = () => {
    stop.removeEventListener("abort", onStop);
    socket.off("error", onError);
    resolve(socket);
  };
  stop.addEventListener("abort", onStop, { once: true });
  socket.once("connect", () => (reached = true));
  socket.once("error", onError);
  socket.once("close", () => stop.removeEventListener("abort", onStop));
  socket.once(secure ? "secureConnect" : "connect", onReady);
  return promise;
}

function stopped(stop: AbortSignal): ConnectError {
  const late = stop.reason instanceof Error && stop.reason.name === "TimeoutError";
  const reason = late ? "connect_timeout" : "aborted";
  return new ConnectError(reason, messageOf(reason));
}
