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
  readonly streams: OpenStreams;
  /** True once the listener closes: every answer then ends its connection. */
  readonly draining: boolean;
  open(socket: Socket): void;
  begin(connection: Connection): void;
  /** A request ended and gives back the body bytes it held. Does nothing once its connection is closed. */
  end(connection: Connection, bodyBytes: number): void;
  /** Counts body bytes as in flight and returns how many; none once nothing more can be read. */
  hold(connection: Connection, bytes: number): number;
  /** Body bytes that are needed no more, although their request goes on. */
  release(connection: Connection, bytes: number): void;
  /** Lets no connection be used again, and ends streams. */
  drain(): void;
  /** Resolves when draining and no request is under way. */
  readonly quiet: Promise<void>;
  /** Resolves when draining and no connection is open. */
  readonly empty: Promise<void>;
};

/** Answers that are open-ended. */
export type OpenStreams = {
  readonly count: number;
  /** Counts a stream until the function returned is called; `end` is called when draining begins. */
  add(end: () => void): () => void;
  endAll(): void;
};

function trackStreams(): OpenStreams {
  const open = new Set<{ readonly end: () => void }>();
  return {
    get count() {
      return open.size;
    },
    add(end) {
      const stream = { end };
      open.add(stream);
      return () => void open.delete(stream);
    },
    endAll() {
      for (const { end } of open) end();
    },
  };
}

export function trackConnections(): Connections {
  const bySocket = new Map<Duplex, Connection>();
  const totals = { requests: 0, bodyBytes: 0 };
  const streams = trackStreams();
  const bodies = countBodies(bySocket, totals);
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
    streams,
    ...bodies,
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
      totals.requests -= 1;
      bodies.release(connection, bodyBytes);
      if (connection.requests === 0 && (draining || connection.ending || connection.broken !== null))
        connection.socket.destroySoon();
      settle();
    },
    drain() {
      draining = true;
      streams.endAll();
      settle();
    },
    quiet: quiet.promise,
    empty: empty.promise,
  };
}

function countBodies(
  bySocket: ReadonlyMap<Duplex, Connection>,
  totals: { bodyBytes: number },
): Pick<Connections, "hold" | "release"> {
  return {
    hold(connection, bytes) {
      if (connection.broken !== null) return 0;
      connection.bodyBytes += bytes;
      totals.bodyBytes += bytes;
      return bytes;
    },
    release(connection, bytes) {
      if (!bySocket.has(connection.socket)) return;
      connection.bodyBytes -= bytes;
      totals.bodyBytes -= bytes;
    },
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
