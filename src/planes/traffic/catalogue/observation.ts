import { contentTypeOf } from "../../../kernel/content-type.ts";
import type { Exchange, Headers, Message } from "../../../kernel/exchange.ts";
import { partsOf } from "../../../kernel/target.ts";
import { attributesOf } from "../analysis/attributes.ts";
import { isVarying, shapeOf, type Shape } from "./shape.ts";

const namesMax = 40;
const tooDeepBytes = 1024 * 1024;

/** What one message with its content tells, without its values. */
export type MessageSeen = {
  /** In lower case, those left out that every client or server has. */
  readonly headers: readonly string[];
  /** Media type without parameters; null = there is no body. */
  readonly type: string | null;
  /** Of a body in JSON or of a form; undefined = it is neither, or not whole. */
  readonly shape: Shape | undefined;
  /** The body that the shape is of. */
  readonly value: unknown;
};

/** What one exchange with its content tells. */
export type Observation = {
  readonly id: string;
  readonly at: number;
  /** `none` = there was no answer. */
  readonly status: string;
  readonly client: string | null;
  /** Names in the query. */
  readonly query: readonly string[];
  readonly request: MessageSeen;
  readonly response: MessageSeen | null;
};

export function observationOf(exchange: Exchange): Observation {
  const { id, startedAt, path, request, response } = exchange;
  return {
    id,
    at: startedAt,
    status: statusOf(exchange),
    client: clientOf(exchange),
    query: [...new Set(new URLSearchParams(partsOf(path).query).keys())].filter(isName).slice(0, namesMax),
    request: seenIn(request, startedAt),
    response: response && seenIn(response, startedAt),
  };
}

export function statusOf({ status }: Pick<Exchange, "status">): string {
  return status === null ? "none" : String(status);
}

/** Such as `shop-ios/5`; null = it did not say. */
export function clientOf(exchange: Exchange): string | null {
  return attributesOf(exchange).get("client") ?? null;
}

function seenIn({ headers, body }: Message, at: number): MessageSeen {
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const type = body === null || body.size === 0 ? null : typeOf(headers);
  const value = type === null || body === null || body.truncated ? undefined : valueOf(body.bytes, type);
  return {
    headers: [...names].filter((name) => isName(name) && !usual.test(name)).slice(0, namesMax),
    type,
    shape: value === undefined ? undefined : shapeOf(value, at),
    value,
  };
}

function isName(name: string): boolean {
  return name !== "" && name !== "__proto__" && !isVarying(name);
}

function typeOf(headers: Headers): string {
  const value = contentTypeOf(headers);
  const [, type] = /^\s*([a-z]{1,40}\/[a-z0-9.+-]{1,80})\s*(?:;|$)/i.exec(value) ?? [];
  return type?.toLowerCase() ?? "application/octet-stream";
}

function valueOf(bytes: Uint8Array, type: string): unknown {
  if (bytes.length > tooDeepBytes) return undefined;
  const text = new TextDecoder().decode(bytes);
  if (type === "application/x-www-form-urlencoded") return Object.fromEntries(new URLSearchParams(text));
  if (type !== "application/json" && !type.endsWith("+json")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of the transport, of browsers, of proxies and of tracing: they say nothing of an API. */
const usual =
  /^(host|connection|content-(length|type|encoding)|accept(-encoding|-language|-charset|-ranges)?|user-agent|transfer-encoding|keep-alive|te|trailer|upgrade|date|server|vary|via|etag|age|expires|last-modified|cache-control|pragma|origin|referer|cookie|set-cookie|dnt|priority|forwarded|traceparent|tracestate|baggage|if-(none-match|modified-since)|strict-transport-security|x-powered-by|x-(forwarded|real|amzn|amz-cf|cloud)-?.*|cf-.*|sec-.*|upgrade-insecure-requests|access-control-.*|content-security-policy.*|referrer-policy|x-(content-type-options|frame-options|xss-protection|dns-prefetch-control|download-options|permitted-cross-domain-policies)|cross-origin-.*|origin-agent-cluster)$/;
