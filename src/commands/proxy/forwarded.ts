import type { Headers } from "../../kernel/exchange.ts";

/** Of one connection, and not of what is passed on (RFC 9110, 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Without what belongs to the connection, as it says itself too. */
export function endToEnd(headers: Headers): Headers {
  const named = headers
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(","))
    .map((name) => name.trim());
  const dropped = new Set([...hopByHop, ...named]);
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()));
}

/** With who asked, and by which name, for the application behind. */
export function forwarded(headers: Headers, remoteAddress: string): Headers {
  const before = valueOf(headers, "x-forwarded-for");
  const others = headers.filter(([name]) => !/^x-forwarded-(?:for|host|proto)$/i.test(name));
  const host = valueOf(headers, "host");
  return [
    ...others,
    ["X-Forwarded-For", before === undefined ? remoteAddress : `${before}, ${remoteAddress}`],
    ["X-Forwarded-Proto", valueOf(headers, "x-forwarded-proto") ?? "http"],
    ...(host === undefined
      ? []
      : [["X-Forwarded-Host", valueOf(headers, "x-forwarded-host") ?? host] as const]),
  ];
}

/** The first of that lowercase name. */
export function valueOf(headers: Headers, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}
