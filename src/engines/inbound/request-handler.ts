import { getRequestListener } from "@hono/node-server";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { newId } from "../../kernel/id.ts";
import { plainAddress } from "./connection.ts";
import { HttpExchange } from "./http-exchange.ts";
import type { Shared } from "./http-exchange.ts";
import type { AnswerHeaders, Limits, RawAnswer, RawRoute, WebApp } from "./inbound.ts";
import type { Problems } from "./problem.ts";
import { senderOf } from "./sender.ts";

/** Bodies for the web app are read whole before it sees them. */
const webBodyBytesMax = 4 * 1024 * 1024;
/** Requests sent ahead on one connection; a client that sends more is cut off. */
const pipelinedMax = 100;

/** What answers requests. */
export type Handling = {
  readonly routes: readonly RawRoute[];
  /** What answers every path that is no raw route; null answers 404. */
  readonly app: WebApp | null;
  readonly limits: Limits;
  /** One line for people, such as an unexpected error with its id. */
  readonly log: (line: string) => void;
};

/** Takes requests: checks their heads, finds what answers them and sends it. */
export function takeRequests(server: Server, handling: Handling, shared: Shared, problems: Problems): void {
  const { log, limits } = handling;
  const routes = handling.routes.toSorted((a, b) => b.prefix.length - a.prefix.length);
  const web = webHandler(handling.app, shared, problems, crashed);

  function crashed(where: string, error: unknown): RawAnswer {
    const id = newId("err");
    log(`${id} ${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return problems.internal(id);
  }

  function take(incoming: IncomingMessage, response: ServerResponse, expectation: Expectation): void {
    const connection = shared.connections.bySocket.get(incoming.socket);
    if (connection === undefined || connection.requests >= pipelinedMax) {
      incoming.socket.destroy();
      return;
    }
    if (connection.ending) return;
    const exchange = new HttpExchange({ incoming, response }, connection, shared, expectation === "continue");
    const unfit =
      expectation === "unknown" ? problems.expectationFailed : unfitHead(incoming, limits, problems);
    if (unfit !== undefined) {
      exchange.refuse(unfit);
      return;
    }
    const route = routeTo(routes, exchange.target);
    if (route === undefined) void web(exchange);
    else void answerBy(route, exchange, problems, crashed);
  }

  server.on("request", (incoming, response) => take(incoming, response, "none"));
  server.on("checkContinue", (incoming, response) => take(incoming, response, "continue"));
  server.on("checkExpectation", (incoming: IncomingMessage, response: ServerResponse) =>
    take(incoming, response, "unknown"),
  );
}

/** What the sender wants before it sends its body (RFC 9110, 10.1.1). */
type Expectation = "none" | "continue" | "unknown";

type Crashed = (where: string, error: unknown) => RawAnswer;

async function answerBy(
  route: RawRoute,
  exchange: HttpExchange,
  problems: Problems,
  crashed: Crashed,
): Promise<void> {
  try {
    const answer = await route.handle(exchange);
    if (!("open" in answer)) exchange.answer(answer);
    else if (!exchange.stream(answer)) exchange.answer(problems.streamsFull);
  } catch (error) {
    exchange.answer(crashed(`${exchange.method} ${route.prefix}`, error));
  }
}

function routeTo(routes: readonly RawRoute[], target: string): RawRoute | undefined {
  for (const route of routes) {
    const { prefix } = route;
    if (!target.startsWith(prefix)) continue;
    if (prefix.endsWith("/") || target.length === prefix.length || target[prefix.length] === "?")
      return route;
  }
  return undefined;
}

type WebHandler = (exchange: HttpExchange) => Promise<void>;

function webHandler(
  app: WebApp | null,
  { trustedProxies }: Shared,
  problems: Problems,
  crashed: Crashed,
): WebHandler {
  if (app === null) return (exchange) => Promise.resolve(exchange.answer(problems.notFound));
  const handle = getRequestListener(
    (request, { incoming }) => {
      const peer = plainAddress(incoming.socket.remoteAddress);
      return app.fetch(request, { remoteAddress: senderOf(peer, incoming, trustedProxies) });
    },
    {
      errorHandler: (error) => {
        const { status, headers, body } = isClientFault(error)
          ? problems.badRequest("The request target or the Host header is not usable.")
          : crashed("web app", error);
        return new Response(String(body), { status, headers: webHeaders(headers) });
      },
    },
  );
  return async (exchange) => {
    try {
      const body = await exchange.body(webBodyBytesMax);
      if (body.kind !== "whole") {
        exchange.answer(problems.body(body.kind, webBodyBytesMax));
        return;
      }
      if (exchange.last) exchange.response.setHeader("connection", "close");
      await handle(Object.assign(exchange.incoming, { rawBody: body.bytes }), exchange.response);
    } catch (error) {
      exchange.answer(crashed("web app", error));
    }
  };
}

function webHeaders(headers: AnswerHeaders): [string, string][] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}

function isClientFault(error: unknown): boolean {
  return error instanceof Error && error.name === "RequestError";
}

/** What is wrong with a request line or headers that the parser let pass. */
function unfitHead(incoming: IncomingMessage, limits: Limits, problems: Problems): RawAnswer | undefined {
  const raw = incoming.rawHeaders;
  if (raw.length > limits.headerFieldsMax * 2) return problems.headersTooLarge;
  if (incoming.httpVersionMajor !== 1) return problems.badRequest("The HTTP version is not 1.0 or 1.1.");
  const coding = incoming.headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    return problems.badRequest("The only transfer coding that is understood is chunked.");
  let hosts = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  if (hosts === 1 || (hosts === 0 && incoming.httpVersionMinor === 0)) return undefined;
  return problems.badRequest("A request needs exactly one Host header.");
}
