import type { Headers } from "./exchange.ts";

/**
 * The slice of the way out that engines ask other servers through. One request: no redirect is followed, and nothing reached
 * that may not be. What the network does is a value.
 */
export type Send = (request: {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
  /** Total. */
  readonly timeoutMs: number;
  /** Bytes of the answer's body that are read at the most. */
  readonly readMax: number;
}) => Promise<
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Headers;
      readonly body: Uint8Array;
      /** More was coming, or the body broke off, then `broken` says how. */
      readonly truncated: boolean;
      readonly broken: string | null;
    }
  | { readonly kind: "refused"; readonly refusal: { readonly message: string; readonly hint: string } }
  | { readonly kind: "unreachable"; readonly message: string }
>;
