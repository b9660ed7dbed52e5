import type { Headers } from "../../kernel/exchange.ts";

/** The only way in: one listener. Raw routes are asked first, by path prefix; the web app answers the rest. */
export type Inbound = {
  /** The bound port, which is useful when 0 was asked for. */
  readonly port: number;
  /** The base URL it answers on, without a trailing slash. */
  readonly url: string;
  /** Stops accepting, ends every stream, lets requests under way finish up to `graceMs`, then closes every connection. */
  close(graceMs: number): Promise<void>;
  readonly stats: () => {
    readonly connections: number;
    /** Under way: read or being answered, streams among them. */
    readonly requests: number;
    /** Answers that are open-ended. */
    readonly streams: number;
    readonly bodyBytesInFlight: number;
  };
};

export type RawRoute = {
  /** Matches a path that equals it, or starts with it when it ends in `/`. */
  readonly prefix: string;
  handle(request: RawRequest): Promise<RawAnswer | StreamedAnswer>;
};

export type RawRequest = {
  readonly method: string;
  /** As received: path and query. */
  readonly target: string;
  readonly headers: Headers;
  /** First value by lowercase name, or undefined. */
  header(name: string): string | undefined;
  /** Where it was sent from: of a request that a trusted proxy passed on, where that took it from. */
  readonly remoteAddress: string;
  readonly receivedAt: number;
  /** Aborted when the sender goes away before it is answered. Made when first looked at: most requests never do. */
  readonly signal: AbortSignal;
  /**
   * The whole body, or why not; asked for once. `too_large`: declared or streamed more than `max`; `slow`: not
   * complete within `bodyTimeoutMs`; `busy`: too many body bytes in flight; `broken`: the sender went away or broke
   * the framing. Its bytes count as in flight until the answer is sent. Whatever is answered then reaches the
   * sender: what it still sends is discarded up to a bound, and the connection is closed.
   */
  body(
    max: number,
  ): Promise<{ readonly kind: "whole"; readonly bytes: Buffer } | { readonly kind: BodyProblem }>;
};

export type BodyProblem = "too_large" | "slow" | "busy" | "broken";

export type RawAnswer = {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Content-Length is set from it; it is not sent to HEAD, nor with 204 and 304. */
  readonly body: AnswerBody;
};

/** Pieces are sent one after the other, so that what is kept for many answers is not copied for each. */
export type AnswerBody = string | Uint8Array | readonly (string | Uint8Array)[];

/** Each of several values becomes a header of its own, as `set-cookie` needs it. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

/** An answer whose end is not known when it begins, such as server-sent events. */
export type StreamedAnswer = {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Written after `streamHeartbeatMs` without anything else, so that nobody on the way takes the connection for dead. */
  readonly heartbeat: string;
  /**
   * Called exactly once, when the headers are sent. Where nothing can be sent, since the reader is gone, the listener
   * closes or `streamsMax` are open (which is answered 503), it is called with a stream that is over.
   */
  open(stream: AnswerStream): void;
};

export type AnswerStream = {
  /**
   * False when the stream is over: the text will not arrive. True is no promise that it does. A reader that has left
   * more than `streamBytesWaitingMax` untaken is cut off instead.
   */
  write(text: string): boolean;
  end(): void;
  /** Aborted when the stream is over: ended, left by its reader, cut off, or the listener closes. */
  readonly over: AbortSignal;
};

/** The control plane behind the raw routes: a web-standard app such as Hono's, which sees `from` as its `env`. */
export type WebApp = {
  fetch(request: Request, from: { readonly remoteAddress: string }): Response | Promise<Response>;
};

export type Limits = {
  readonly headerBytesMax: number;
  readonly headerFieldsMax: number;
  readonly connectionsMax: number;
  readonly bodyBytesInFlightMax: number;
  /** From the first byte of a connection or request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to the end of its body; an answer whose reader takes nothing is given up after at most twice that. */
  readonly bodyTimeoutMs: number;
  /** Between two requests of a connection. */
  readonly idleTimeoutMs: number;
  /** Open at once over all connections. */
  readonly streamsMax: number;
  readonly streamHeartbeatMs: number;
  /** What waits for the reader of one stream before more is written to it. */
  readonly streamBytesWaitingMax: number;
};

export const defaultLimits: Limits = {
  headerBytesMax: 32 * 1024,
  headerFieldsMax: 100,
  connectionsMax: 10_000,
  bodyBytesInFlightMax: 64 * 1024 * 1024,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  idleTimeoutMs: 65_000,
  streamsMax: 2_000,
  streamHeartbeatMs: 15_000,
  streamBytesWaitingMax: 1024 * 1024,
};
