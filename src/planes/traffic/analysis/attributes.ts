import type { Exchange } from "../../../kernel/exchange.ts";
import { partsOf } from "../../../kernel/target.ts";
import { routeOf } from "../fault.ts";

const valueCharactersMax = 200;

/** What a request can be told by without its content, by dimension. The method is part of the route. */
export function attributesOf(exchange: Exchange): ReadonlyMap<string, string> {
  const { method, host, environment, bucket, facts, path } = exchange;
  const { userAgent, ip, service, source, requestBytes } = facts;
  const given: readonly (readonly [dimension: string, value: unknown])[] = [
    ["route", `${method} ${routeOf(exchange)}`],
    ["host", host],
    ["environment", environment],
    ["bucket", bucket],
    ["userAgent", userAgent],
    ["client", typeof userAgent === "string" ? clientOf(userAgent) : undefined],
    ["ip", ip],
    ["service", service],
    ["source", source],
    ["requestSize", typeof requestBytes === "number" ? sizeOf(requestBytes) : undefined],
    ["queryKeys", queryKeysOf(path)],
  ];
  return new Map(
    given.flatMap(([dimension, value]) =>
      typeof value === "string" && value !== ""
        ? [[dimension, value.slice(0, valueCharactersMax)] as const]
        : [],
    ),
  );
}

/** The condition of the ledger that says the same, where there is one. */
export const columns: Readonly<Record<string, "host" | "environment" | "bucket" | `facts.${string}`>> = {
  host: "host",
  environment: "environment",
  bucket: "bucket",
  userAgent: "facts.userAgent",
  ip: "facts.ip",
  service: "facts.service",
  source: "facts.source",
};

/** The product that a User-Agent begins with, with its major version: `shop-ios/5.2.1 (…)` is `shop-ios/5`. */
function clientOf(userAgent: string): string {
  const [, product = "", major] = /^([^\s/]{1,60})(?:\/(\d{1,6}))?/.exec(userAgent) ?? [];
  return major === undefined ? product : `${product}/${major}`;
}

/** The size class of a body. */
export function sizeOf(bytes: number): string {
  if (bytes === 0) return "none";
  const digits = Math.ceil(Math.log10(bytes + 1));
  return `up to 10^${digits} bytes`;
}

/** The bytes that a size stands for, both inclusive. */
export function bytesOf(size: string): { readonly atLeast: number; readonly atMost: number } {
  const digits = Number(/\d+(?= bytes$)/.exec(size)?.[0] ?? 0);
  if (digits === 0) return { atLeast: 0, atMost: 0 };
  return { atLeast: 10 ** (digits - 1), atMost: 10 ** digits - 1 };
}

/** Names in order, without values: `page, sort`. */
function queryKeysOf(path: string): string {
  if (!path.includes("?")) return "none";
  return [...new Set(new URLSearchParams(partsOf(path).query).keys())].toSorted().slice(0, 20).join(", ");
}
