import { hash } from "node:crypto";
import type { Outcome } from "../engines/outbound/outbound.ts";
import type { Body, Headers } from "../kernel/exchange.ts";
import type { Attempted } from "./retry.ts";

/** What went wrong as a code: `status_500`, `connect_refused`, `address_refused`. */
export function errorOf(outcome: Outcome): string {
  if (outcome.kind === "answered") return `status_${outcome.status}`;
  return outcome.kind === "refused" ? `${outcome.refusal.reason}_refused` : outcome.reason;
}

/** What came of an attempt, as `next` of `retry.ts` asks for it. */
export function answerOf(outcome: Outcome): Pick<Attempted, "outcome" | "retryAfter"> {
  if (outcome.kind !== "answered") return { outcome: { kind: outcome.kind } };
  const { status, headers } = outcome;
  return { outcome: { kind: "answered", status }, retryAfter: headerOf(headers, "retry-after") };
}

/** Of the body of an answer, at most so many bytes; `cut`: it was not read to its end. */
export function bodyKept(bytes: Uint8Array, cut: boolean, bytesMax: number): Body | null {
  if (bytes.length === 0) return null;
  const truncated = cut || bytes.length > bytesMax;
  return {
    bytes: bytes.subarray(0, bytesMax),
    size: bytes.length,
    sha256: truncated ? hash("sha256", bytes) : "",
    truncated,
  };
}

/** The first value of a header by its lowercase name. */
function headerOf(headers: Headers, name: string): string | undefined {
  return headers.find(([given]) => given.toLowerCase() === name)?.[1];
}
