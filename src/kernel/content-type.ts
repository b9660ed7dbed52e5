import type { Headers } from "./exchange.ts";

/** "" when there is none. */
export function contentTypeOf(headers: Headers): string {
  return headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
}
