import type { Headers } from "../../kernel/exchange.ts";

/** The only way in: one listener. Raw routes are asked first, by path prefix; the web app answers the rest. */
export type Inbound = {
  /** The bound port (useful when 0 was asked for) and the base URL it answers on. */
  readonly port: number;
  /** Stops accepting, lets requests under way finish up to `graceMs`, then closes every connection. */
  close(graceMs: number): Promise<void>;
  readonly stats: () => {
    readonly connections: number;
    readonly requests: number;
    readonly bodyBytesInFlight: number;
  };
};

export type RawRoute = {
  /** Matches a path that equals it, or starts with it when it ends in `/`. */
  readonly prefix: string;
  handle(request: RawRequest): Promise<RawAnswer>;
};

export type RawRequest = {
  readonly method: string;
  /** As received: path and query. */
  readonly target: string;
  readonly headers: Headers;
  /** First value by lowercase name, or undefined. */
  header(name: string): string | undefined;
  readonly remoteAddress: string;
  readonly receivedAt: number;
  /**
   * The whole body, or why not. `too_large`: declared or streamed more than `max`; `slow`: not complete within
   * 30 s; `busy`: too many body bytes in flight (64 MiB); `broken`: the sender went away or lied about the length.
   */
  body(
    max: number,
  ): Promise<{ readonly kind: "whole"; readonly bytes: Buffer } | { readonly kind: BodyProblem }>;
};

export type BodyProblem = "too_large" | "slow" | "busy" | "broken";

export type RawAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Content-Length is set from it. */
  readonly body: string | Uint8Array;
};

/** The control plane behind the raw routes: a web-standard app such as Hono's. */
export type WebApp = { fetch(request: Request): Response | Promise<Response> };

export type Limits = {
  readonly headerBytesMax: number;
  readonly headerFieldsMax: number;
  readonly connectionsMax: number;
  readonly bodyBytesInFlightMax: number;
  /** From the first byte of a connection or request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the end of the headers to the end of the body. */
  readonly bodyTimeoutMs: number;
  readonly idleTimeoutMs: number;
};

export const defaultLimits: Limits = {
  headerBytesMax: 32 * 1024,
  headerFieldsMax: 100,
  connectionsMax: 10_000,
  bodyBytesInFlightMax: 64 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  idleTimeoutMs: 65_000,
};
