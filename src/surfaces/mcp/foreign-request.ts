import { Failure } from "../../kernel/failure.ts";
import { boundedMap } from "./bounded-map.ts";

const verdictsKeptMax = 100;
const shownMax = 100;
const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

export type RefuseForeign = (host: string | undefined, origin: string | undefined) => void;

/**
 * Keeps out requests that a page of another site had a browser make. `Host` has to be that of the public address, of this
 * machine (`localhost`), or an address in numbers: a name that someone pointed at this server (DNS rebinding) is none
 * of them. `Origin`, which only browsers send, has to be the public address or a page of this machine.
 *
 * @returns a function that throws Failure forbidden
 */
export function foreignRequests(settings: { readonly publicUrl: string }): RefuseForeign {
  const verdicts = boundedMap<boolean>(verdictsKeptMax);
  function isOwnHost(host: string): boolean {
    const known = verdicts.get(host);
    if (known !== undefined) return known;
    const verdict = isOwn(host, settings.publicUrl);
    verdicts.keep(host, verdict);
    return verdict;
  }
  return (host, origin) => {
    if (host !== undefined && !isOwnHost(host)) throw foreignHost(host, settings.publicUrl);
    if (origin !== undefined && !isOwnOrigin(origin, settings.publicUrl))
      throw foreignOrigin(origin, settings.publicUrl);
  };
}

/** Ports do not count: a proxy may listen on another. */
function isOwn(host: string, publicUrl: string): boolean {
  const name = URL.parse(`http://${host}`)?.hostname;
  if (name === undefined || name === "") return false;
  if (name === "localhost" || name === new URL(publicUrl).hostname) return true;
  // The parser of URLs lets no name end in a number that is no IPv4 address.
  return name.startsWith("[") || /^\d+(\.\d+){3}$/.test(name);
}

function isOwnOrigin(origin: string, publicUrl: string): boolean {
  const url = URL.parse(origin);
  return url !== null && (url.origin === new URL(publicUrl).origin || loopbackNames.includes(url.hostname));
}

function foreignHost(host: string, publicUrl: string): Failure {
  return new Failure("forbidden", `This server is not called ${host.slice(0, shownMax)}.`, {
    allowed: [publicUrl],
    hint: "Use its public address, which SLUICE_PUBLIC_URL says; a proxy in front of it has to pass Host on.",
  });
}

function foreignOrigin(origin: string, publicUrl: string): Failure {
  return new Failure("forbidden", `Pages of ${origin.slice(0, shownMax)} may not call this server.`, {
    allowed: [publicUrl],
    hint: "Call from this server's own address, or from a client that is no web page.",
  });
}
