import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { socketsToPostgres, type Sockets } from "./sockets.ts";
import { isTrouble } from "./trouble.ts";

/** Hears what other nodes notify. Nothing is promised: a notification may be lost while there is no connection. */
export type Listener = {
  /**
   * Calls back with the payload of each notification on the channel, and with undefined whenever some may have been
   * missed: when listening begins, and begins again after the connection was lost.
   */
  on(channel: string, heard: (payload: string | undefined) => void): void;
  /** When the server was last known to answer on this connection, in ms of `performance.now()`; -Infinity = never. */
  heardAt(): number;
  close(): Promise<void>;
};

export type ListenerTerms = {
  readonly url: string;
  readonly name: string;
  readonly channels: readonly string[];
  /** Called when the connection is lost, or no longer answers: others to the same server may be as dead. */
  readonly lost: () => void;
  /** Told what is no trouble of the network, at most once per try. */
  readonly log: (line: string) => void;
};

const pauseMsMin = 100;
const pauseMsMax = 2_000;
const askedEveryMs = 1_000;
const answerMs = 3_000;

/** Keeps one connection of its own that listens, and replaces it when it no longer answers. */
export function openListener(terms: ListenerTerms): Listener {
  const listeners = new Map<string, ((payload: string | undefined) => void)[]>();
  const stopped = new AbortController();
  let heardAt = -Infinity;
  const tell = (channel: string, payload: string | undefined): void => {
    for (const heard of listeners.get(channel) ?? []) heard(payload);
  };

  /** Until the connection is lost or the listener closed. */
  const listen = async (answered: () => void): Promise<void> => {
    const sockets = socketsToPostgres();
    const client = clientOf(terms, sockets);
    const lost = new AbortController();
    client.on("error", () => lost.abort());
    client.on("end", () => lost.abort());
    client.on("notification", ({ channel, payload }) => tell(channel, payload));
    try {
      await client.connect();
      for (const channel of terms.channels) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      for (const channel of terms.channels) tell(channel, undefined);
      const over = AbortSignal.any([stopped.signal, lost.signal]);
      while (!over.aborted) {
        await client.query("select 1");
        heardAt = performance.now();
        answered();
        await quietly(sleep(askedEveryMs, undefined, { signal: over, ref: false }));
      }
    } finally {
      await Promise.all([quietly(client.end()), sockets.closed()]);
    }
  };

  const isOver = (): boolean => stopped.signal.aborted;
  const keepListening = async (): Promise<void> => {
    let pauseMs = pauseMsMin;
    while (!isOver()) {
      const startedAt = performance.now();
      try {
        await listen(() => (pauseMs = pauseMsMin));
      } catch (error) {
        if (!isTrouble(error)) terms.log(`listening for notifications failed: ${String(error)}`);
      }
      if (heardAt > startedAt && !isOver()) terms.lost();
      await quietly(sleep(pauseMs, undefined, { signal: stopped.signal, ref: false }));
      pauseMs = Math.min(pauseMs * 2, pauseMsMax);
    }
  };

  const listening = keepListening();
  return {
    on(channel, heard) {
      listeners.set(channel, [...(listeners.get(channel) ?? []), heard]);
    },
    heardAt: () => heardAt,
    async close() {
      stopped.abort();
      await listening;
    },
  };
}

function clientOf({ url, name }: ListenerTerms, sockets: Sockets): pg.Client {
  return new pg.Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: answerMs,
    query_timeout: answerMs,
    keepAlive: true,
    stream: () => sockets.open(),
  });
}

async function quietly(work: Promise<unknown>): Promise<void> {
  // An aborted pause is over early, and a connection that cannot be ended in good order is gone all the same.
  await work.catch(() => {});
}
