import type { Headers } from "../../kernel/exchange.ts";

/** The only way bytes leave this process. What the network does is a value; only programming errors throw. */
export type Outbound = {
  /** One request, no redirects followed, one total deadline over DNS, connect, TLS, headers and body. */
  send(request: OutboundRequest): Promise<Outcome>;
  /**
   * Whether a URL may be a target: scheme, credentials, port, name and literal address, without touching the
   * network. Undefined = may be. Names are resolved and checked again at every connect.
   */
  check(url: string): Refusal | undefined;
  /** As `check`, then resolves the name once and checks every address: what creating a target asks. */
  resolve(url: string): Promise<Refusal | undefined>;
  close(): Promise<void>;
};

export type OutboundRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
  /** Total, 1 to 120,000. */
  readonly timeoutMs: number;
  /** Bytes of the response read before the connection is destroyed. */
  readonly readMax: number;
  readonly signal?: AbortSignal;
};

export type Outcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Headers;
      /** At most `readMax` bytes, not decompressed. */
      readonly body: Uint8Array;
      /** More was coming, or the body broke off or hung after the status (then `broken` says how). */
      readonly truncated: boolean;
      readonly broken: UnreachableReason | null;
      readonly timing: Timing;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly timing: Timing }
  | {
      readonly kind: "unreachable";
      readonly reason: UnreachableReason;
      readonly message: string;
      readonly timing: Timing;
    };

export type UnreachableReason =
  | "dns"
  | "connect_refused"
  | "connect_timeout"
  | "reset"
  | "tls"
  | "timeout"
  | "protocol"
  | "aborted"
  | "network";

/** The guard said no. `message` and `hint` are public; the hint names SLUICE_OUTBOUND_ALLOW where that is the way. */
export type Refusal = {
  readonly reason:
    | "scheme"
    | "credentials"
    | "port"
    | "name"
    | "address"
    | "own_listener"
    | "invalid_url"
    | "dns";
  readonly message: string;
  readonly hint: string;
};

export type Timing = {
  readonly startedAt: number;
  readonly totalMs: number;
  /** Until response headers; null when none came. */
  readonly firstByteMs: number | null;
  /** The peer's address, once connected. */
  readonly address: string | null;
};
