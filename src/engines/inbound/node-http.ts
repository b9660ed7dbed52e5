import { createServer } from "node:http";
import type { Server } from "node:http";
import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import { watchConnections } from "./connection-watch.ts";
import { trackConnections } from "./connection.ts";
import type { Connections } from "./connection.ts";
import type { Shared } from "./http-exchange.ts";
import type { Inbound } from "./inbound.ts";
import { problemsUnder } from "./problem.ts";
import { takeRequests } from "./request-handler.ts";
import type { Handling } from "./request-handler.ts";
import type { TrustedProxies } from "./sender.ts";

export type Listener = Handling & {
  /** Name or address to bind; port 0 takes any free one. */
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Whose `X-Forwarded-For` is believed; absent = nobody's. */
  readonly trustedProxies?: TrustedProxies | undefined;
};

/**
 * Inbound on bare `node:http` with its strict parser.
 * @throws Failure unavailable when the port is taken or the address cannot be bound
 */
export async function listen(listener: Listener): Promise<Inbound> {
  const { limits } = listener;
  const shared: Shared = {
    connections: trackConnections(),
    clock: listener.clock,
    limits,
    trustedProxies: listener.trustedProxies,
  };
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: Math.min(limits.headersTimeoutMs, limits.bodyTimeoutMs),
    requestTimeout: limits.bodyTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, Math.floor(limits.headersTimeoutMs / 4))),
    insecureHTTPParser: false,
    requireHostHeader: false,
  });
  server.maxConnections = limits.connectionsMax;
  // Node would cut longer lists short without a word; their length is checked below.
  server.maxHeadersCount = 0;
  const problems = problemsUnder(limits);
  takeRequests(server, listener, shared, problems);
  watchConnections(server, shared.connections, problems, limits.bodyTimeoutMs);
  await bound(server, listener);
  return running(server, shared.connections, listener.host);
}

function bound(server: Server, { host, port }: Listener): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
  server.listen(port, host, resolve);
  return promise;
}

const portHint = "Stop the other program, or set SLUICE_PORT to another port.";

const bindFailures: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  EADDRINUSE: ["is already in use", portHint],
  EACCES: ["needs more rights than this process has", "Set SLUICE_PORT to a port from 1024 up."],
  EADDRNOTAVAIL: ["is not an address of this machine", "Set SLUICE_HOST to an address of this machine."],
  ENOTFOUND: ["is not a known host", "Set SLUICE_HOST to an address of this machine."],
};

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const failure = bindFailures[error.code ?? ""];
  if (failure === undefined) return error;
  return new Failure("unavailable", `Port ${port} on ${host} ${failure[0]}.`, { hint: failure[1] });
}

function running(server: Server, connections: Connections, host: string): Inbound {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the listener is bound to no port");
  const { port } = address;
  const { totals, streams, bySocket } = connections;
  return {
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const { promise: late, resolve: expire } = Promise.withResolvers<void>();
      const timer = setTimeout(expire, graceMs);
      connections.drain();
      await Promise.race([connections.quiet, late]);
      clearTimeout(timer);
      server.closeAllConnections();
      await Promise.all([closed, connections.empty]);
    },
    stats: () => ({
      connections: bySocket.size,
      requests: totals.requests,
      streams: streams.count,
      bodyBytesInFlight: totals.bodyBytes,
    }),
  };
}
