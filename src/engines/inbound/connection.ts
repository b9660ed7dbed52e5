import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { BodyProblem } from "./inbound.ts";

/** One client connection and what is under way on it. */
export type Connection = {
  readonly socket: Socket;
  readonly remoteAddress: string;
  requests: number;
  bodyBytes: number;
  /** Told when the body being read cannot be completed. */
  reading: ((problem: BodyProblem) => void) | null;
  /** Set when nothing more can be read: what a body not yet read is answered with. */
  broken: BodyProblem | null;
  /** Set when an answer announced the end: requests that come after it are not run. */
  ending: boolean;
  /** Bytes of answers that the client had taken at the last look. */
  taken: number;
};

/** Every open connection, and the sums over all of them. */
export type Connections = {
  readonly bySocket: ReadonlyMap<Duplex, Connection>;
  readonly totals: { readonly requests: number; readonly bodyBytes: number };
  /** True once the listener closes: every answer then ends its connection. */
  readonly draining: boolean;
  open(socket: Socket): void;
  begin(connection: Connection): void;
  /** A request ended and gives back the body bytes it held. Does nothing once its connection is closed. */
  end(connection: Connection, bodyBytes: number): void;
  /** Counts body bytes as in flight and returns how many; none once nothing more can be read. */
  hold(connection: Connection, bytes: number): number;
  /** Lets no connection be used again. */
  drain(): void;
  /** Resolves when draining and no request is under way. */
  readonly quiet: Promise<void>;
  /** Resolves when draining and no connection is open. */
  readonly empty: Promise<void>;
};

export function trackConnections(): Connections {
  const bySocket = new Map<Duplex, Connection>();
  const totals = { requests: 0, bodyBytes: 0 };
  const quiet = Promise.withResolvers<void>();
  const empty = Promise.withResolvers<void>();
  let draining = false;

  function settle(): void {
    if (draining && totals.requests === 0) quiet.resolve();
    if (draining && bySocket.size === 0) empty.resolve();
  }

  function close(connection: Connection): void {
    bySocket.delete(connection.socket);
    connection.broken ??= "broken";
    connection.reading?.("broken");
    totals.requests -= connection.requests;
    totals.bodyBytes -= connection.bodyBytes;
    settle();
  }

  return {
    bySocket,
    totals,
    get draining() {
      return draining;
    },
    open(socket) {
      const connection = fresh(socket);
      bySocket.set(socket, connection);
      socket.once("close", () => close(connection));
    },
    begin(connection) {
      connection.requests += 1;
      totals.requests += 1;
    },
    end(connection, bodyBytes) {
      if (!bySocket.has(connection.socket)) return;
      connection.requests -= 1;
      connection.bodyBytes -= bodyBytes;
      totals.requests -= 1;
      totals.bodyBytes -= bodyBytes;
      if (connection.requests === 0 && (draining || connection.ending || connection.broken !== null))
        connection.socket.destroySoon();
      settle();
    },
    hold(connection, bytes) {
      if (connection.broken !== null) return 0;
      connection.bodyBytes += bytes;
      totals.bodyBytes += bytes;
      return bytes;
    },
    drain() {
      draining = true;
      settle();
    },
    quiet: quiet.promise,
    empty: empty.promise,
  };
}

/** An IPv4 client of a dual-stack listener shows its plain address. */
export function plainAddress(address = ""): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

function fresh(socket: Socket): Connection {
  const remoteAddress = plainAddress(socket.remoteAddress);
  return {
    socket,
    remoteAddress,
    requests: 0,
    bodyBytes: 0,
    reading: null,
    broken: null,
    ending: false,
    taken: 0,
  };
}
