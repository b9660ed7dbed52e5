import type { HeaderPair } from "../../../../capture/wire.ts";
import { fittingHeaders } from "../fitting.ts";
import type { Attributes, AttributeValue } from "./span.ts";

// Names as of the semantic conventions for HTTP 1.23 and later, and those before them, which many still send.

/** The first of these attributes that is there. */
export function oneOf(attributes: Attributes, names: readonly string[]): AttributeValue | undefined {
  for (const name of names) {
    const value = attributes.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** As text; "" = absent. A list is its first item. */
export function textOf(attributes: Attributes, ...names: readonly string[]): string {
  const value = oneOf(attributes, names);
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return Array.isArray(value) ? String(value[0] ?? "") : "";
}

/** As a whole number that is not negative; undefined = absent or none. */
export function countOf(attributes: Attributes, ...names: readonly string[]): number | undefined {
  const text = textOf(attributes, ...names);
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The status of an answer, if the span says one that HTTP has. */
export function statusOf(attributes: Attributes): number | null {
  const status = countOf(attributes, "http.response.status_code", "http.status_code");
  return status !== undefined && status >= 100 && status <= 599 ? status : null;
}

/** In upper case; undefined = the span is about no HTTP. */
export function methodOf(attributes: Attributes): string | undefined {
  const method = textOf(attributes, "http.request.method", "http.method").toUpperCase();
  const said =
    method === "_OTHER" ? textOf(attributes, "http.request.method_original").toUpperCase() : method;
  if (said === "") return method === "" ? undefined : "OTHER";
  return /^[A-Z][A-Z0-9_-]{0,39}$/.test(said) ? said : "OTHER";
}

/** With the port where it is not the scheme's own, as a `Host` header has it. */
export function hostOf(attributes: Attributes): string {
  const sent = textOf(attributes, "http.request.header.host", "http.host");
  if (sent !== "") return sent.slice(0, 300);
  const name = textOf(attributes, "server.address", "http.server_name", "net.host.name", "net.peer.name");
  const port = textOf(attributes, "server.port", "net.host.port", "net.peer.port");
  const secure = textOf(attributes, "url.scheme", "http.scheme") === "https";
  const isUsual = port === "" || port === (secure ? "443" : "80");
  return `${name.includes(":") ? `[${name}]` : name}${isUsual ? "" : `:${port}`}`.slice(0, 300);
}

/** Path and query of what was asked for; "" = the span does not say. */
export function targetOf(attributes: Attributes): string {
  const [path, query] = [textOf(attributes, "url.path"), textOf(attributes, "url.query")];
  if (path !== "") return query === "" ? path : `${path}?${query.replace(/^\?/, "")}`;
  return textOf(attributes, "http.target");
}

/** The URL of a call; null = the span does not say. */
export function urlOf(attributes: Attributes): URL | null {
  return URL.parse(textOf(attributes, "url.full", "http.url"));
}

/** What was captured of the headers of one side. Before 1.23 names had underscores in place of dashes. */
export function headersOf(side: "request" | "response", attributes: Attributes): readonly HeaderPair[] {
  const prefix = `http.${side}.header.`;
  const headers: HeaderPair[] = [];
  for (const [name, value] of attributes) {
    if (!name.startsWith(prefix)) continue;
    const header = name.slice(prefix.length).replaceAll("_", "-").slice(0, 200);
    for (const one of Array.isArray(value) ? value : [value])
      if (typeof one === "string" || typeof one === "number") headers.push([header, String(one)]);
  }
  const agent = textOf(attributes, "user_agent.original", "http.user_agent");
  const isMissing = side === "request" && !headers.some(([name]) => name === "user-agent");
  return fittingHeaders(isMissing && agent !== "" ? [...headers, ["user-agent", agent]] : headers);
}
