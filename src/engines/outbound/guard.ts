import { parseAddress, whyNotPublic, within } from "./address.ts";
import type { Cidr } from "./address.ts";
import type { Refusal } from "./outbound.ts";
import type { OwnListeners } from "./own-listeners.ts";

/** Where a URL leads before any name is resolved. */
export type Target = {
  /** Without brackets and without a trailing dot. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly origin: string;
  readonly literal: boolean;
  /** A name or port that only an address on the allow list may have. */
  readonly objection: Refusal | undefined;
};

/** The SSRF guard: which URLs and which addresses bytes may be sent to. Touches no network. */
export type Guard = {
  /** Judges all that can be judged without resolving. */
  check(url: string): Refusal | undefined;
  /** Scheme, credentials and shape; the rest is judged at the connect. */
  read(url: URL): Refusal | Target;
  /** Judges one connect: every address the host resolved to. One bad address refuses them all. */
  judge(target: Target, addresses: readonly string[]): Refusal | undefined;
};

const urlCharactersMax = 8192;

/** Names that never lead to the public internet: RFC 2606, 6761, 6762, 7686, 8375, 9476 and cluster-internal ones. */
const innerName =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home|corp|private|test|invalid|onion|alt|svc|home\.arpa|in-addr\.arpa|ip6\.arpa|metadata\.goog)$/i;

/** Ports from 1024 up where databases, brokers and desktops listen for something that is not HTTP. */
const servicePorts = new Set([
  1080, 1099, 1433, 1434, 1521, 1723, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3128, 3260, 3268, 3269,
  3306, 3389, 3690, 4045, 4190, 4369, 5060, 5061, 5432, 5555, 5671, 5672, 5900, 5901, 5902, 5903, 5984, 5985,
  5986, 6379, 6380, 6566, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7199, 8125,
  8883, 9042, 9092, 9093, 9094, 9100, 9160, 9300, 10080, 11211, 26379, 27017, 27018, 27019, 28015, 33060,
  61613, 61616,
]);
const x11 = { first: 6000, last: 6063 };

function mayBeHttp(port: number): boolean {
  if (port < 1024) return port === 80 || port === 443;
  return !servicePorts.has(port) && !(port >= x11.first && port <= x11.last);
}

export function guard(allow: readonly Cidr[], own: OwnListeners): Guard {
  function judge(target: Target, addresses: readonly string[]): Refusal | undefined {
    let listed = addresses.length > 0;
    for (const text of addresses) {
      const verdict = judgeAddress(text, target.port);
      if (typeof verdict === "object") return verdict;
      listed &&= verdict === "listed";
    }
    return listed ? undefined : target.objection;
  }

  function judgeAddress(text: string, port: number): Refusal | "listed" | "public" {
    const address = parseAddress(text);
    if (address === undefined) return unreadable(text);
    const mine = own.at(address, port);
    if (mine === "listener") return ownListener(text, port);
    if (mine === "echo") return "listed";
    const reason = whyNotPublic(address, text);
    const mapped = reason?.allow === null;
    if (!mapped && allow.some((range) => within(address, range))) return "listed";
    return reason === undefined ? "public" : inner(text, reason);
  }

  return {
    check(text) {
      const url = parse(text);
      if (url === undefined) return notUrl;
      const target = read(url);
      if ("reason" in target) return target;
      if (target.literal) return judge(target, [target.host]);
      // With an allow list the name may still resolve wholly inside it; the connect decides.
      return allow.length === 0 ? target.objection : undefined;
    },
    read,
    judge,
  };
}

export function parse(text: string): URL | undefined {
  return text.length > urlCharactersMax ? undefined : (URL.parse(text) ?? undefined);
}

function read(url: URL): Refusal | Target {
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:") return badScheme(url.protocol);
  if (url.username !== "" || url.password !== "") return credentials;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  const literal = parseAddress(host) !== undefined;
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const objection = (literal ? undefined : objectionToName(host)) ?? objectionToPort(port);
  return { host, port, secure, origin: url.origin, literal, objection };
}

function objectionToName(host: string): Refusal | undefined {
  if (host.includes(".") && !innerName.test(host)) return undefined;
  return {
    reason: "name",
    message: `"${host}" is a name of an inner network.`,
    hint: "Use a public name, or set SLUICE_OUTBOUND_ALLOW to the addresses that it resolves to.",
  };
}

function objectionToPort(port: number): Refusal | undefined {
  if (mayBeHttp(port)) return undefined;
  return {
    reason: "port",
    message: `Port ${port} belongs to a service that does not speak HTTP.`,
    hint: "Use port 80, 443 or an unreserved port from 1024 up. Addresses in SLUICE_OUTBOUND_ALLOW may use any port.",
  };
}

export const notUrl: Refusal = {
  reason: "invalid_url",
  message: `This is not an absolute URL of at most ${urlCharactersMax} characters.`,
  hint: "Give a URL such as https://example.com/hooks.",
};

const credentials: Refusal = {
  reason: "credentials",
  message: "The URL carries a user name or password.",
  hint: "Take it out of the URL; send credentials in a header.",
};

function badScheme(protocol: string): Refusal {
  return {
    reason: "scheme",
    message: `The scheme "${protocol.slice(0, 32)}" is not http or https.`,
    hint: "Give a URL that starts with https:// or http://.",
  };
}

function unreadable(text: string): Refusal {
  return {
    reason: "address",
    message: `"${text.slice(0, 64)}" is not an address that can be judged.`,
    hint: "Make the name resolve to plain IPv4 or IPv6 addresses.",
  };
}

function ownListener(text: string, port: number): Refusal {
  return {
    reason: "own_listener",
    message: `${text} port ${port} is Sluice itself.`,
    hint: "Point the target at the application that should receive the request.",
  };
}

function inner(text: string, why: { readonly what: string; readonly allow: string | null }): Refusal {
  // Nobody means to deliver there, and an agent should not be told how to open it.
  const cloud = /cloud/.test(why.what);
  const hint = cloud
    ? "Give the address of the application that should receive the webhooks."
    : why.allow === null
      ? "Use the IPv4 address itself."
      : `Set SLUICE_OUTBOUND_ALLOW=${why.allow} if you mean to deliver to ${why.what.split(",")[0] ?? why.what}.`;
  return { reason: "address", message: `${text} is ${why.what}.`, hint };
}

/** The name led nowhere; the guard's own word for `resolve`. */
export function unresolved(host: string, problem: string): Refusal {
  return {
    reason: "dns",
    message: `"${host}" does not resolve: ${problem}.`,
    hint: "Check the spelling, or try again when its DNS record exists.",
  };
}
