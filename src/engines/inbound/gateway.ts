import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Clock } from "../../kernel/clock.ts";
import type { Headers } from "../../kernel/exchange.ts";
import { Failure } from "../../kernel/failure.ts";
import { plainAddress } from "./connection.ts";

/** A listener that hands requests on while they come, and takes answers while they are made: bodies are streams. */
export type Gateway = {
  readonly port: number;
  readonly url: string;
  /** Takes no more, lets requests under way finish for up to `graceMs`, then cuts every connection. */
  close(graceMs: number): Promise<void>;
};

export type GatewayHead = {
  readonly method: string;
  /** As received: path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly remoteAddress: string;
  readonly receivedAt: number;
  /** Aborted when the client goes away before the answer is whole. */
  readonly gone: AbortSignal;
};

/** One request and its one answer. */
export type Passage = GatewayHead & {
  /** null = there is none. */
  readonly body: Readable | null;
  /** Sends the head of the answer; what is written then is its body. */
  answer(head: { readonly status: number; readonly headers: Headers }): Writable;
  /** Ends the connection with the answer half sent, so that its reader knows that more should have come. */
  cut(): void;
};

/** A request to go on in another protocol (WebSocket) on the connection, whose bytes are the caller's from then on. */
export type Crossing = GatewayHead & {
  readonly socket: Duplex;
  /** What came behind the head already. */
  readonly first: Buffer;
};

export type GatewayHandling = {
  readonly host: string;
  /** 0 = any that is free. */
  readonly port: number;
  readonly clock: Clock;
  pass(passage: Passage): Promise<void>;
  cross(crossing: Crossing): Promise<void>;
};

const connectionsMax = 2_000;
const headerBytesMax = 64 * 1024;
const headersTimeoutMs = 10_000;
const idleTimeoutMs = 65_000;

/**
 * Bare `node:http` with its strict parser. Bodies have no deadline: what is behind the gateway decides how long it waits.
 *
 * @throws Failure unavailable when the port cannot be bound
 */
export async function listenGateway(handling: GatewayHandling): Promise<Gateway> {
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0,
    keepAliveTimeout: idleTimeoutMs,
    insecureHTTPParser: false,
    // Other protocols that a client offers are left out, and it is answered over HTTP.
    shouldUpgradeCallback: (incoming) => incoming.headers.upgrade?.toLowerCase() === "websocket",
  });
  server.maxConnections = connectionsMax;
  const crossed = new Set<Duplex>();
  const take = (incoming: IncomingMessage, response: ServerResponse): void =>
    void handling.pass(passageOf(incoming, response, handling.clock)).catch(() => response.destroy());
  server.on("request", take);
  server.on("checkContinue", (incoming, response) => {
    response.writeContinue();
    take(incoming, response);
  });
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, first: Buffer) => {
    crossed.add(socket);
    socket.on("error", () => socket.destroy());
    const gone = new AbortController();
    socket.once("close", () => {
      crossed.delete(socket);
      gone.abort();
    });
    const head = headOf(incoming, handling.clock, gone.signal);
    void handling.cross({ ...head, socket, first }).catch(() => socket.destroy());
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable)
      socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    else socket.destroy();
  });
  await bound(server, handling);
  return opened(server, handling.host, crossed);
}

function opened(server: Server, host: string, crossed: ReadonlySet<Duplex>): Gateway {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the gateway is bound to no port");
  return {
    port: address.port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // What goes on in another protocol has no end that could be waited for.
      for (const socket of crossed) socket.destroy();
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

function bound(server: Server, { host, port }: GatewayHandling): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) =>
    reject(
      new Failure(
        "unavailable",
        `Port ${port} on ${host} cannot be listened on (${error.code ?? error.name}).`,
        {
          hint: "Stop the other program, or take another port.",
        },
      ),
    ),
  );
  server.listen(port, host, resolve);
  return promise;
}

function passageOf(incoming: IncomingMessage, response: ServerResponse, clock: Clock): Passage {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const hasBody =
    incoming.headers["transfer-encoding"] !== undefined ||
    Number(incoming.headers["content-length"] ?? 0) > 0;
  return {
    ...headOf(incoming, clock, gone.signal),
    body: hasBody ? incoming : null,
    answer({ status, headers }) {
      response.writeHead(status, headers.flat());
      response.flushHeaders();
      return response;
    },
    cut: () => void response.destroy(),
  };
}

function headOf(incoming: IncomingMessage, clock: Clock, gone: AbortSignal): GatewayHead {
  const raw = incoming.rawHeaders;
  const headers = Array.from({ length: raw.length / 2 }, (_, n): readonly [string, string] => [
    raw[2 * n] ?? "",
    raw[2 * n + 1] ?? "",
  ]);
  return {
    method: incoming.method ?? "GET",
    target: incoming.url ?? "/",
    headers,
    remoteAddress: plainAddress(incoming.socket.remoteAddress),
    receivedAt: clock.now(),
    gone,
  };
}
