import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { Pool } from "undici";
import type { Headers } from "../../kernel/exchange.ts";
import { Failure } from "../../kernel/failure.ts";
import { guardedConnect, systemNames } from "./connector.ts";
import { guard, type Guard, type Target } from "./guard.ts";
import type { UnreachableReason } from "./outbound.ts";
import { ownListeners } from "./own-listeners.ts";
import { codeOf, ConnectError, messageOf, reasonOf } from "./reasons.ts";

/**
 * The one server that an operator put behind a proxy by naming it on the command line. That is why it may be at a private
 * address, which deliveries may not; nothing else can be reached by this.
 */
export type Upstream = {
  readonly origin: string;
  /** Sends one request and answers when the head of the answer is there. Redirects are not followed. @throws Unreached */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** A connection of its own, for what goes on in another protocol. @throws Unreached */
  connect(signal: AbortSignal): Promise<Socket>;
  close(): Promise<void>;
};

export type UpstreamRequest = {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Without those of the connection and of framing but `Content-Length`. */
  readonly headers: Headers;
  readonly body: Readable | null;
  readonly signal: AbortSignal;
};

export type UpstreamAnswer = {
  readonly status: number;
  readonly headers: Headers;
  /** Breaks with an error when the answer does. */
  readonly body: Readable;
};

/** There was no answer. */
export class Unreached extends Error {
  readonly reason: UnreachableReason;

  constructor(error: unknown) {
    const cause = error instanceof Error ? error : new Error(String(error));
    const reason = reasonOf(cause);
    super(cause instanceof ConnectError ? cause.message : messageOf(reason, cause));
    this.reason = reason;
  }
}

const connectionsMax = 256;
const headerBytesMax = 64 * 1024;
const idleMs = 4_000;

/** What a server does to a kept connection that it closed while a request was on its way. */
const staleCodes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** @throws Failure invalid when `to` is not the origin of a server, such as `http://localhost:3000` */
export function upstream(to: string): Upstream {
  const target = targetOf(to);
  const open = guardedConnect({ guard: only(target), lookup: systemNames, ca: undefined });
  const stop = new AbortController();
  const pool = poolTo(target, () => open(target, stop.signal));

  async function once({
    method,
    target: path,
    headers,
    body,
    signal,
  }: UpstreamRequest): Promise<UpstreamAnswer> {
    const answer = await pool.request({
      method,
      path,
      headers: headers.flat(),
      body,
      signal,
      responseHeaders: "raw",
    });
    return { status: answer.statusCode, headers: pairs(answer.headers), body: answer.body };
  }

  return {
    origin: target.origin,
    async send(request) {
      try {
        return await once(request).catch((error: unknown) => {
          const isStale = error instanceof Error && staleCodes.has(codeOf(error));
          const mayRepeat = isStale && request.body === null && repeatable.has(request.method);
          if (!mayRepeat || request.signal.aborted) throw error;
          return once(request);
        });
      } catch (error) {
        throw new Unreached(error);
      }
    },
    async connect(signal) {
      try {
        return await open(target, signal);
      } catch (error) {
        throw new Unreached(error);
      }
    },
    async close() {
      stop.abort();
      await pool.destroy();
    },
  };
}

function poolTo(target: Target, open: () => Promise<Socket>): Pool {
  async function attach(callback: (...result: [Error, null] | [null, Socket]) => void): Promise<void> {
    let socket: Socket;
    try {
      socket = await open();
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    callback(null, socket);
  }
  return new Pool(target.origin, {
    connections: connectionsMax,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: headerBytesMax,
    // How long an answer may take is up to the client, who can go away.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleMs,
    connect: (_options, callback) => void attach(callback),
  });
}

function targetOf(to: string): Target {
  const url = URL.parse(to);
  const target = url === null ? undefined : guard([], ownListeners()).read(url);
  if (
    url !== null &&
    target !== undefined &&
    !("reason" in target) &&
    url.pathname === "/" &&
    url.search === ""
  )
    return target;
  throw new Failure("invalid", `"${to.slice(0, 200)}" is not the address of a server.`, {
    hint: "Give scheme, host and port alone, such as http://localhost:3000.",
  });
}

/** Lets through what leads to the target, wherever that is. */
function only(target: Target): Guard {
  const usual = guard([], ownListeners());
  return {
    ...usual,
    judge: (asked, addresses) => (asked.origin === target.origin ? undefined : usual.judge(asked, addresses)),
  };
}

/** undici gives raw headers as one list of names and values, in a type that says otherwise. */
function pairs(raw: unknown): Headers {
  const list = Array.isArray(raw) ? raw.map(String) : [];
  return Array.from({ length: Math.floor(list.length / 2) }, (_, n) => [
    list[2 * n] ?? "",
    list[2 * n + 1] ?? "",
  ]);
}
