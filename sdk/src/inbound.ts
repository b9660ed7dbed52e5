import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { listen } from "./listen.ts";
import { observed, openOnSocket } from "./marks.ts";
import { noteError, observation, type Cause, type Observation, type Outcome } from "./observation.ts";
import { routeOf } from "./route-of.ts";
import { sentHead } from "./sent-head.ts";
import type { Taps } from "./taps.ts";
import { teeReadable, teeWritable } from "./tee-stream.ts";

/** Published by Node before any handler sees the request, whatever the framework. */
const startChannel = "http.server.request.start";
/** Fastify tells which route it chose, and what its handler threw. */
const fastifyStart = "tracing:fastify.request.handler:start";
const fastifyError = "tracing:fastify.request.handler:error";

/** What Sluice's own agents call: a server that answers them would otherwise record records without end. */
const ownPath = /^\/capture\/v1\/(batches|settings)(\?|$)/;

type Started = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
};

/** Observes every request that any server of this thread receives. @returns what ends it */
export function tapInbound(taps: Taps): () => void {
  return listen(taps.recipient, {
    [startChannel]: (started: Started) => begin(taps, started),
    [fastifyStart]: noteFastify,
    [fastifyError]: noteFastify,
  });
}

/** The cause of a request that is observed, for adapters of frameworks. */
export function causeOf(request: IncomingMessage): Cause | undefined {
  return request[observed]?.cause;
}

function begin(taps: Taps, { request, response, server }: Started): void {
  const target = request.url ?? "";
  if (request[observed] !== undefined || ownPath.test(target)) return;
  const { allowance, storage, recipient, blocking } = taps;
  const seen = observation("request", {
    traceparent: headerValue(request.rawHeaders, "traceparent"),
    parent: "",
    allowance,
  });
  request[observed] = seen;
  storage.enterWith(seen.cause);
  teeReadable(request, { tee: seen.request, recipient });
  teeWritable(response, { tee: seen.response, recipient, silent: () => bodiless(response) });
  const blocked = blocking.take(request, server) !== undefined;

  const open = openOn(request.socket);
  const end = () => {
    if (seen.ended) return;
    seen.ended = true;
    open.delete(end);
    try {
      finish(taps, seen, { request, response, target, blocked });
    } catch {
      recipient.fault();
    } finally {
      seen.request.release();
      seen.response.release();
    }
  };
  open.add(end);
  response.on("close", end);
}

/** Ends of what is under way on a connection: a response that waits behind another one does not hear that it is lost. */
function openOn(socket: Socket): Set<() => void> {
  const known = socket[openOnSocket];
  if (known !== undefined) return known;
  const made = new Set<() => void>();
  socket[openOnSocket] = made;
  // After those responses that do hear of it.
  socket.once("close", () => setImmediate(() => made.forEach((end) => end())));
  return made;
}

type Exchanged = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: string;
  readonly blocked: boolean;
};

function finish(taps: Taps, seen: Observation, exchanged: Exchanged): void {
  const { request, response, target } = exchanged;
  const status = response.headersSent ? response.statusCode : null;
  const { cause } = seen;
  cause.route ??= status === 404 ? null : routeOf(request, target);
  if (response.errored && cause.error === null) noteError(cause, response.errored);
  taps.recipient.receive(seen, {
    method: request.method ?? "",
    target,
    status,
    outcome: outcomeOf(exchanged),
    ip: request.socket.remoteAddress ?? "",
    requestHead: request.rawHeaders.join("\n"),
    responseHead: sentHead(response),
  });
}

function outcomeOf({ response, blocked }: Exchanged): Outcome {
  if (blocked) return "blocked";
  if (response.writableFinished) return "answered";
  return response.errored ? "failed" : "aborted";
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
