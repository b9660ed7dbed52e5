import { extname } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { type Committed, Committer } from "./committer.ts";
import type { FileEntry } from "./entry-pack.ts";
import { rowsOf, type Row, type SqlValue, type Table } from "../stored/row.ts";
import { openLink, unavailable } from "./worker-link.ts";
import type { Statement, Written } from "./statements.ts";

/** One SQLite database of traffic: a single writer thread, reader threads beside it, nothing on the main thread. */
export type TrafficFile = {
  /**
   * Makes the entry durable in one transaction with whatever else is waiting; resolves after the fsync.
   *
   * @throws Failure unavailable when the database cannot be written, within 5 s; too_large above 64 MiB
   */
  commit(entry: FileEntry): Promise<Committed>;
  /**
   * Runs the statements in one transaction on the writer, after every commit called before; resolves after the
   * fsync. Keep it short (some milliseconds): commits wait behind it.
   *
   * @throws Failure unavailable when the database cannot be written
   */
  write(statements: readonly Statement[]): Promise<readonly Written[]>;
  /**
   * Empties the log, in which what was replaced or deleted stands until it is written over. False while queries are in it.
   *
   * @throws Failure unavailable when the database cannot be written
   */
  emptyLog(): Promise<boolean>;
  /**
   * Runs one query on a reader thread; sees every commit and write that resolved before.
   *
   * @throws Failure unavailable when the database cannot be read or too many queries are waiting
   */
  read(sql: string, params: readonly SqlValue[]): Promise<readonly Row[]>;
  /** To be called when the content of an exchange was changed or removed by `write`. */
  changed(exchange: string): void;
  /** Calls back with such an exchange's id: for those who keep content in memory. */
  onChanged(listener: (exchange: string) => void): void;
  /** The settings the writer's connection really has. */
  facts(): Promise<FileFacts>;
  /** Calls back when the writer was lost and replaced: commits that failed at that time may have taken place. */
  onLost(listener: () => void): void;
  /** Ends the writer's thread as a crash would. For tests. */
  killWriter(): Promise<void>;
  /** Finishes what is under way, copies the log into the database and closes it. */
  close(): Promise<void>;
};

export type FileFacts = {
  /** 2 is FULL: an fsync per commit. */
  readonly synchronous: number;
  readonly journalMode: string;
  readonly pageSize: number;
};

const readers = 2;
const readsWaitingMax = 1_000;
const writeDeadlineMs = 4_500;
/** Starting the thread, going through a log that a crash left, migrations: on a busy machine that may take its time. */
const openDeadlineMs = 120_000;
const readDeadlineMs = 30_000;

/** Opens the database at `path`, made and migrated when needed. */
export async function openTrafficFile(path: string, clock: Clock): Promise<TrafficFile> {
  const data = { path };
  const lost: (() => void)[] = [];
  const changed: ((exchange: string) => void)[] = [];
  const writer = openLink({
    name: "writer",
    entry: workerEntry("writer"),
    data,
    deadlineMs: writeDeadlineMs,
    lost: () => lost.forEach((listener) => listener()),
  });
  const facts = (deadlineMs?: number) => writer.call<FileFacts>({ kind: "facts" }, [], deadlineMs);
  try {
    await facts(openDeadlineMs);
  } catch (error) {
    await writer.close();
    throw error;
  }
  const committer = new Committer(writer, clock);
  const pool = openReaders(data);
  return {
    commit: (entry) => committer.commit(entry),
    write: (statements) => committer.inTurn(() => writer.call({ kind: "write", statements })),
    emptyLog: () => committer.inTurn(() => writer.call<boolean>({ kind: "empty log" })),
    read: pool.read,
    changed: (exchange) => changed.forEach((listener) => listener(exchange)),
    onChanged: (listener) => void changed.push(listener),
    facts: () => facts(),
    onLost: (listener) => void lost.push(listener),
    killWriter: () => writer.kill(),
    async close() {
      await committer.drain();
      await pool.close();
      await writer.call({ kind: "close" }).finally(() => writer.close());
    },
  };
}

function openReaders(data: unknown): Pick<TrafficFile, "read" | "close"> {
  const pool = Array.from({ length: readers }, () => ({
    link: openLink({ name: "reader", entry: workerEntry("reader"), data, deadlineMs: readDeadlineMs }),
    waiting: 0,
  }));
  return {
    async read(sql, params) {
      const reader = pool.reduce((best, other) => (other.waiting < best.waiting ? other : best));
      if (reader.waiting >= readsWaitingMax) throw unavailable("Too many queries are waiting.");
      reader.waiting++;
      try {
        return rowsOf(await reader.link.call<Table>({ sql, params }));
      } finally {
        reader.waiting--;
      }
    },
    async close() {
      await Promise.all(pool.map((reader) => reader.link.close()));
    },
  };
}

function workerEntry(name: string): URL {
  return new URL(`./${name}.worker${extname(import.meta.url)}`, import.meta.url);
}
