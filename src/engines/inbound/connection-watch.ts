import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Connections } from "./connection.ts";
import type { BodyProblem, RawAnswer } from "./inbound.ts";
import { farewell } from "./linger.ts";
import type { Problems } from "./problem.ts";

const gone = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

const answersByCode: Readonly<Record<string, (problems: Problems) => RawAnswer>> = {
  HPE_HEADER_OVERFLOW: (problems) => problems.headersTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: (problems) => problems.body("too_large", 16 * 1024),
  ERR_HTTP_REQUEST_TIMEOUT: (problems) => problems.body("slow", 0),
};

/**
 * Watches over connections: broken framing, senders that stall, and readers that take nothing of their answer
 * for `stallMs` to twice that.
 */
export function watchConnections(
  server: Server,
  connections: Connections,
  problems: Problems,
  stallMs: number,
): void {
  function broke(error: NodeJS.ErrnoException, duplex: Duplex): void {
    const connection = connections.bySocket.get(duplex);
    if (connection === undefined) return void duplex.destroy();
    // A connection that broke once goes on to fail until it is closed.
    if (connection.broken !== null) return;
    const code = error.code ?? "";
    if (gone.has(code)) return void connection.socket.destroy();
    const kind: BodyProblem = code === "ERR_HTTP_REQUEST_TIMEOUT" ? "slow" : "broken";
    connection.broken = kind;
    connection.reading?.(kind);
    // With requests under way, the last of their answers closes the connection.
    if (connection.requests > 0) return;
    const reason = "reason" in error && typeof error.reason === "string" ? error.reason : "Malformed request";
    farewell(connection.socket, answersByCode[code]?.(problems) ?? problems.badRequest(`${reason}.`));
  }

  // A coarse look at all connections costs less than a timer per request.
  function cutStalled(): void {
    for (const connection of connections.bySocket.values()) {
      const { socket } = connection;
      const taken = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength > 0 && taken === connection.taken) socket.destroy();
      connection.taken = taken;
    }
  }

  server.on("connection", connections.open);
  server.on("clientError", broke);
  server.once("listening", () => {
    const timer = setInterval(cutStalled, stallMs).unref();
    server.once("close", () => clearInterval(timer));
  });
}
