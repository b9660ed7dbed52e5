import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { listen } from "./listen.ts";
import { noteError, observation, type Cause, type Observation, type Outcome } from "./observation.ts";
import { routeOf } from "./route-of.ts";
import type { Taps } from "./taps.ts";
import { teeReadable, teeWritable } from "./tee-stream.ts";

/** Published by Node before any handler sees the request, whatever the framework. */
const startChannel = "http.server.request.start";
/** Fastify tells which route it chose, and what its handler threw. */
const fastifyStart = "tracing:fastify.request.handler:start";
const fastifyError = "tracing:fastify.request.handler:error";

/** In the global registry of symbols: a second copy of this package in the process must see that a request is taken. */
const taken = Symbol.for("sluice-capture.request");
const carried = Symbol.for("sluice-capture.socket");

/** What Sluice's own agents call: a server that answers them would otherwise record records without end. */
const ownPath = /^\/capture\/v1\/(batches|settings)(\?|$)/;

type Started = { readonly request: IncomingMessage; readonly response: ServerResponse; readonly server: Server };

/** Observes every request that any server of this thread receives. @returns what ends it */
export function tapInbound(taps: Taps): () => void {
  return listen(taps.recipient, {
    [startChannel]: (message) => begin(taps, message as Started),
    [fastifyStart]: (message) => noteFastify(message as FastifyHandling),
    [fastifyError]: (message) => noteFastify(message as FastifyHandling),
  });
}

/** The cause of a request that is observed, for adapters of frameworks. */
export function causeOf(request: object): Cause | undefined {
  return (request as Marked)[taken]?.cause;
}

type Marked = { [taken]?: Observation };

function begin(taps: Taps, { request, response, server }: Started): void {
  const marked = request as Marked;
  const target = request.url ?? "";
  if (marked[taken] !== undefined || ownPath.test(target)) return;
  const { allowance, storage, recipient, blocking } = taps;
  const observed = observation("request", {
    traceparent: headerValue(request.rawHeaders, "traceparent"),
    parent: "",
    allowance,
  });
  marked[taken] = observed;
  storage.enterWith(observed.cause);
  teeReadable(request, { tee: observed.request, recipient });
  teeWritable(response, { tee: observed.response, recipient, silent: () => bodiless(response) });
  const blocked = blocking.take(request, server) !== undefined;

  const end = () => {
    if (observed.ended) return;
    observed.ended = true;
    try {
      finish(taps, observed, { request, response, target, blocked });
    } catch {
      recipient.fault();
    } finally {
      observed.request.release();
      observed.response.release();
    }
  };
  response.once("close", end);
  untilSocketCloses(request.socket, response, end);
}

/** A response that waits behind another one of its connection says nothing when that connection is lost. */
function untilSocketCloses(socket: Socket, response: ServerResponse, end: () => void): void {
  const marked = socket as Socket & { [carried]?: Set<() => void> };
  let open = marked[carried];
  if (open === undefined) {
    const made = new Set<() => void>();
    open = marked[carried] = made;
    // After those responses that do hear of it.
    socket.once("close", () => setImmediate(() => made.forEach((each) => each())));
  }
  open.add(end);
  response.once("close", () => open.delete(end));
}

type Exchanged = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: string;
  readonly blocked: boolean;
};

function finish(taps: Taps, observed: Observation, exchanged: Exchanged): void {
  const { request, response, target } = exchanged;
  const status = response.headersSent ? response.statusCode : null;
  const { cause } = observed;
  cause.route ??= status === 404 ? null : routeOf(request, target);
  if (response.errored) cause.error ?? noteError(cause, response.errored);
  taps.recipient.receive(observed, {
    method: request.method ?? "",
    target,
    status,
    outcome: outcomeOf(exchanged),
    ip: request.socket.remoteAddress ?? "",
    requestHead: request.rawHeaders.join("\n"),
    responseHead: headOf(response),
  });
}

function outcomeOf({ response, blocked }: Exchanged): Outcome {
  if (blocked) return "blocked";
  if (response.writableFinished) return "answered";
  return response.errored ? "failed" : "aborted";
}

/**
 * The head as it was sent, with what Node adds by itself. `getHeaders()` is empty where the handler called
 * `writeHead` with headers.
 */
function headOf(response: ServerResponse): string {
  const { _header: sent } = response as { _header?: unknown };
  if (typeof sent === "string") return sent;
  return Object.entries(response.getHeaders())
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name}\n${one}`))
    .join("\n");
}

/** Node sends no body with these, whatever the handler writes. */
function bodiless({ req, statusCode }: ServerResponse): boolean {
  return statusCode === 204 || statusCode === 304 || req.method === "HEAD";
}

/** Its name in lower case; looks at names of that length only. */
function headerValue(rawHeaders: readonly string[], name: string): string {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const given = rawHeaders[at];
    if (given?.length === name.length && given.toLowerCase() === name) return rawHeaders[at + 1] ?? "";
  }
  return "";
}

type FastifyHandling = {
  readonly request?: { readonly raw?: IncomingMessage };
  readonly route?: { readonly url?: unknown };
  readonly error?: unknown;
};

function noteFastify({ request, route, error }: FastifyHandling): void {
  const cause = request?.raw === undefined ? undefined : causeOf(request.raw);
  if (cause === undefined) return;
  if (typeof route?.url === "string") cause.route = route.url;
  if (error !== undefined) noteError(cause, error);
}
