import { extname } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import type { Row, SqlValue } from "./exchange-row.ts";
import { openLink, unavailable } from "./worker-link.ts";
import type { Statement, Written } from "./statements.ts";

/** One SQLite database of traffic: a single writer thread, reader threads beside it, nothing on the main thread. */
export type TrafficFile = {
  /**
   * Runs the statements in one transaction on the writer, after every commit called before; resolves after the
   * fsync. Keep it short (some milliseconds): commits wait behind it.
   *
   * @throws Failure unavailable when the database cannot be written
   */
  write(statements: readonly Statement[]): Promise<readonly Written[]>;
  /**
   * Runs one query on a reader thread; sees every commit and write that resolved before.
   *
   * @throws Failure unavailable when the database cannot be read or too many queries are waiting
   */
  read(sql: string, params: readonly SqlValue[]): Promise<readonly Row[]>;
  /** The settings the writer's connection really has. */
  facts(): Promise<FileFacts>;
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

/** Opens the database at `path`, made and migrated when needed. */
export async function openTrafficFile(path: string, _clock: Clock): Promise<TrafficFile> {
  const worker = (name: string) => new URL(`./${name}.worker${extname(import.meta.url)}`, import.meta.url);
  const data = { path };
  const writer = openLink({ name: "writer", entry: worker("writer"), data, deadlineMs: 4_500 });
  const facts = () => writer.call<FileFacts>({ kind: "facts" });
  await facts();
  const pool = Array.from({ length: readers }, () => ({
    link: openLink({ name: "reader", entry: worker("reader"), data, deadlineMs: 30_000 }),
    waiting: 0,
  }));
  return {
    write: (statements) => writer.call({ kind: "write", statements }),
    async read(sql, params) {
      const reader = pool.reduce((best, other) => (other.waiting < best.waiting ? other : best));
      if (reader.waiting >= readsWaitingMax) throw unavailable("Too many queries are waiting.");
      reader.waiting++;
      try {
        return await reader.link.call<readonly Row[]>({ sql, params });
      } finally {
        reader.waiting--;
      }
    },
    facts,
    async close() {
      await Promise.all(pool.map((reader) => reader.link.close()));
      await writer.call({ kind: "close" });
      await writer.close();
    },
  };
}
