import { Client } from "undici";
import type { Socket } from "node:net";
import type { Connect } from "./connector.ts";
import type { Target } from "./guard.ts";
import { ConnectError } from "./reasons.ts";
import type { Line, Transfer } from "./transfer.ts";

/** The bounded connections to one origin. */
export type Lines = {
  /** False when too many transfers wait already. */
  carry(transfer: Transfer): boolean;
  readonly quiet: boolean;
  close(): Promise<void>;
};

const linesMax = 64;
const waitingMax = 1024;
const headerBytesMax = 32 * 1024;
const idleMs = 4_000;
const idleMaxMs = 30_000;

export function originLines(target: Target, connect: Connect): Lines {
  const all = new Set<OpenLine>();
  const idle: OpenLine[] = [];
  const waiting: Transfer[] = [];

  function start(line: OpenLine, transfer: Transfer): void {
    transfer.ride(line);
    line.client.dispatch(transfer.options, transfer);
  }

  function release(line: OpenLine): void {
    const next = takeWaiting();
    if (next !== undefined) start(line, next);
    else if (line.connected) idle.push(line);
    else void drop(line);
  }

  function takeWaiting(): Transfer | undefined {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!next.settled) return next;
    }
    return undefined;
  }

  function forget(line: OpenLine): void {
    const at = idle.indexOf(line);
    if (at < 0) return;
    idle.splice(at, 1);
    void drop(line);
  }

  function drop(line: OpenLine): Promise<void> {
    all.delete(line);
    return line.close();
  }

  function open(): OpenLine {
    const line = openLine(target, connect, { start, release, forget });
    all.add(line);
    return line;
  }

  return {
    carry(transfer) {
      // The line used last is the one most surely still open.
      const line = idle.pop() ?? (all.size < linesMax ? open() : undefined);
      if (line !== undefined) start(line, transfer);
      else if (waiting.length < waitingMax) waiting.push(transfer);
      else return false;
      return true;
    },
    get quiet() {
      return idle.length === all.size;
    },
    async close() {
      for (const transfer of waiting.splice(0)) transfer.abort();
      idle.length = 0;
      await Promise.all([...all].map(drop));
    },
  };
}

type OpenLine = Line & {
  readonly client: Client;
  readonly connected: boolean;
  close(): Promise<void>;
};

type Keeper = {
  start(line: OpenLine, transfer: Transfer): void;
  release(line: OpenLine): void;
  forget(line: OpenLine): void;
};

function openLine(target: Target, connect: Connect, keeper: Keeper): OpenLine {
  let socket: Socket | null = null;
  let served = 0;
  const stop = new AbortController();

  const client = new Client(target.origin, {
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: headerBytesMax,
    // One deadline over everything is kept by the transfer.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleMs,
    keepAliveMaxTimeout: idleMaxMs,
    connect: (_options, callback) => void attach(callback),
  });

  async function attach(callback: (...result: [Error, null] | [null, Socket]) => void): Promise<void> {
    try {
      socket = await connect(target, stop.signal);
    } catch (error) {
      callback(error instanceof Error ? error : new ConnectError("network", String(error)), null);
      return;
    }
    served = 0;
    callback(null, socket);
  }

  const line: OpenLine = {
    client,
    get address() {
      return socket?.remoteAddress ?? null;
    },
    get served() {
      return served;
    },
    get connected() {
      return socket !== null && !socket.destroyed;
    },
    release() {
      served += 1;
      keeper.release(line);
    },
    again: (transfer) => keeper.start(line, transfer),
    async close() {
      stop.abort();
      await client.destroy();
    },
  };
  client.on("disconnect", () => {
    socket = null;
    keeper.forget(line);
  });
  return line;
}
