import type { DatabaseSync, StatementSync } from "node:sqlite";
import { finishes } from "./entry-pack.ts";
import { at, ExchangeInsert, readDraft } from "./exchange-insert.ts";
import { endingCode, idText } from "./exchange-row.ts";
import { blockExchangesMin } from "../stored/block.ts";
import { type SqlValue } from "../stored/row.ts";
import { Names } from "./names.ts";
import type { PackReader } from "./pack.ts";

/** How a group went: all of it was committed as asked, but for the entries listed by their index in the group. */
export type GroupResult = {
  /** Of each exchange of the group, written or not; 0 = none. */
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly duplicates: readonly { readonly entry: number; readonly of: string }[];
  /** Entries whose job was no longer there or no longer the caller's. */
  readonly stale: readonly number[];
  /** Jobs that were open already, or not added for the sake of the above, by their index in the group. */
  readonly unadded: readonly number[];
  /** How long the commit itself took, which is mostly the fsync. */
  readonly commitMs: number;
};

export type Group = {
  readonly pack: PackReader;
  readonly entries: number;
  readonly exchanges: number;
  /** The time, by which keys expire. */
  readonly now: number;
};

// Also one that expired. Not one that this very entry took, whose first commit was not answered: that is kept.
const takeKey = `insert into used (key, expires_at, exchange) values (?1, ?2, ?3)
on conflict (key) do update set expires_at = ?2, exchange = ?3 where expires_at <= ?4`;

const lastNumber = `select max(
  coalesce((select max(number) from exchange where workspace = ?1 and number is not null), 0),
  coalesce((select last from numbering where workspace = ?1), 0)) as last`;

// Up to 10,000 keys expire a second before the table grows with keys that are of no use.
const sweepIntervalMs = 200;
const keysPerSweepMax = 2_000;

/**
 * What an entry turned out to be, decided before any of it is written; `again` when it has its key from before: then it
 * is there, and what is known by no id was applied.
 */
type Standing = "new" | "again" | "stale" | "skipped" | Uint8Array;

type Finish = { readonly how: number; readonly job: string; readonly retry: readonly SqlValue[] | undefined };
type Unless = { readonly key: string; readonly expiresAt: number };

/** The write path on the writer's connection: each group is one transaction. */
export class GroupWriter {
  readonly #database: DatabaseSync;
  readonly #exchanges: ExchangeInsert;
  readonly #names: Names;
  readonly #statements: ReturnType<typeof statementsOf>;
  /** The last number given by workspace (its name's id); entries are dropped when a transaction fails. */
  readonly #numbers = new Map<number, number>();
  readonly #numbered = new Set<number>();
  readonly #tallies = new Map<string, number>();
  #given = new Float64Array(0);
  #now = 0;
  #sweptAt = 0;
  #exchange = 0;
  #job = 0;
  #duplicates: { entry: number; of: string }[] = [];
  #stale: number[] = [];
  #unadded: number[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#exchanges = new ExchangeInsert(database);
    this.#names = new Names(database);
    this.#statements = statementsOf(database);
  }

  /** Applies the whole group; on an error nothing of it took place. */
  apply(group: Group): GroupResult {
    this.#begin(group);
    this.#statements.begin.run();
    try {
      for (let entry = 0; entry < group.entries; entry++) this.#applyEntry(group.pack, entry);
      this.#exchanges.end();
      this.#writeTallies();
      const before = performance.now();
      this.#statements.commit.run();
      return this.#result(performance.now() - before);
    } catch (error) {
      this.#names.forget();
      for (const workspace of this.#numbered) this.#numbers.delete(workspace);
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  /** Forgets some keys that expired; to be called between groups. */
  sweep(now: number): void {
    if (now - this.#sweptAt < sweepIntervalMs) return;
    this.#sweptAt = now;
    this.#statements.sweep.run(now, keysPerSweepMax);
  }

  #begin(group: Group): void {
    this.#given = new Float64Array(group.exchanges);
    this.#now = group.now;
    this.#exchange = 0;
    this.#job = 0;
    this.#duplicates = [];
    this.#stale = [];
    this.#unadded = [];
    this.#numbered.clear();
    this.#tallies.clear();
    this.#exchanges.begin(group.exchanges >= blockExchangesMin);
  }

  #result(commitMs: number): GroupResult {
    return {
      numbers: this.#given,
      duplicates: this.#duplicates,
      stale: this.#stale,
      unadded: this.#unadded,
      commitMs,
    };
  }

  #applyEntry(pack: PackReader, entry: number): void {
    const finish = readFinish(pack);
    const unless = readUnless(pack);
    const exchanges = pack.number();
    // The key belongs to the first exchange, whose id is the next in the pack.
    const first = (exchanges > 0 ? pack.peekBlob() : null) ?? noBytes;
    const standing = this.#standing(finish, unless, first);
    for (let i = 0; i < exchanges; i++) this.#writeExchange(pack, standing, i);
    this.#addJobs(pack, standing === "new" || standing === "again");
    this.#addTallies(pack, standing === "new");
    this.#addSummaries(pack, standing === "new");
    if (standing === "stale" || standing === "skipped") this.#stale.push(entry);
    else if (standing instanceof Uint8Array)
      this.#duplicates.push({ entry, of: standing.length === 0 ? "" : idText(standing) });
  }

  #standing(finish: Finish | undefined, unless: Unless | undefined, exchange: Uint8Array): Standing {
    if (finish === undefined) return unless === undefined ? "new" : this.#take(unless, exchange);
    if (unless === undefined) return this.#finish(finish);
    // A stale entry takes no key and a duplicate finishes no job, so neither may be tried before the other is known.
    if (finish.how === finishes.stale || this.#statements.isOpen.get(finish.job) === undefined)
      return "stale";
    const taken = this.#take(unless, exchange);
    if (taken instanceof Uint8Array) return taken;
    const finished = this.#finish(finish);
    return finished === "new" ? taken : finished;
  }

  #finish({ how, job, retry }: Finish): Standing {
    if (how === finishes.stale) return "stale";
    const statement = retry === undefined ? this.#statements.done : this.#statements.retry;
    if (statement.run(...(retry ?? []), job).changes !== 0) return "new";
    return how === finishes.cancel ? "skipped" : "stale";
  }

  #take(unless: Unless, exchange: Uint8Array): "new" | "again" | Uint8Array {
    const taken = this.#statements.takeKey.run(unless.key, unless.expiresAt, exchange, this.#now).changes;
    if (taken !== 0) return "new";
    const holder = this.#statements.holder.get(unless.key)?.["exchange"];
    if (!(holder instanceof Uint8Array)) return noBytes;
    if (Buffer.compare(holder, exchange) !== 0) return holder;
    this.#statements.keepKey.run(unless.expiresAt, unless.key);
    return "again";
  }

  #writeExchange(pack: PackReader, standing: Standing, index: number): void {
    const draft = readDraft(pack, this.#names);
    const position = this.#exchange++;
    if (standing === "skipped") return;
    if (standing === "stale") draft[at.ending] = null;
    if (standing instanceof Uint8Array) {
      if (index > 0) return;
      // An ending's code is the id of its name.
      draft[at.outcome] = duplicate;
      draft[at.ending] = duplicate;
      draft[at.parent] = standing.length === 0 ? null : standing;
    }
    if (draft[at.attempt] === null) {
      const number = this.#nextNumber(Number(draft[at.workspace]));
      draft[at.number] = number;
      this.#given[position] = number;
    }
    this.#exchanges.add(draft);
  }

  #nextNumber(workspace: number): number {
    const last = this.#numbers.get(workspace) ?? Number(this.#statements.lastNumber.get(workspace)?.["last"]);
    this.#numbers.set(workspace, last + 1);
    this.#numbered.add(workspace);
    return last + 1;
  }

  #addJobs(pack: PackReader, wanted: boolean): void {
    for (let left = pack.number(); left > 0; left--) {
      const row = readJob(pack);
      const added = wanted && this.#statements.addJob.run(...row).changes !== 0;
      if (!added) this.#unadded.push(this.#job);
      this.#job++;
    }
  }

  #addTallies(pack: PackReader, wanted: boolean): void {
    for (let left = pack.number(); left > 0; left--) {
      const key = pack.name();
      const amount = pack.number();
      if (wanted) this.#tallies.set(key, (this.#tallies.get(key) ?? 0) + amount);
    }
  }

  #addSummaries(pack: PackReader, wanted: boolean): void {
    const { codeOf } = this.#names;
    for (let left = pack.number(); left > 0; left--) {
      const place = [pack.codeOrNull(codeOf), pack.codeOrNull(codeOf), pack.codeOrNull(codeOf)];
      const row = [...place, pack.number(), pack.number(), pack.blob()];
      if (wanted) this.#statements.addSummary.run(...row);
    }
  }

  #writeTallies(): void {
    for (const [key, amount] of this.#tallies) this.#statements.addTally.run(key, amount);
  }
}

const duplicate = endingCode("duplicate");
const noBytes: Uint8Array = new Uint8Array(0);

function statementsOf(
  database: DatabaseSync,
): Record<
  | "begin"
  | "commit"
  | "isOpen"
  | "takeKey"
  | "holder"
  | "retry"
  | "done"
  | "addJob"
  | "addTally"
  | "addSummary"
  | "keepKey"
  | "lastNumber"
  | "sweep",
  StatementSync
> {
  const prepare = (sql: string) => database.prepare(sql);
  return {
    begin: prepare("begin immediate"),
    commit: prepare("commit"),
    takeKey: prepare(takeKey),
    holder: prepare("select exchange from used where key = ?"),
    retry: prepare("update job set due_at = ?, attempt = ?, payload = ? where id = ?"),
    isOpen: prepare("select 1 from job where id = ?"),
    done: prepare("delete from job where id = ?"),
    addJob:
      prepare(`insert into job (id, workspace, name, payload, lane, key, due_at, attempt, exchange, received_at,
      subject, parked) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`),
    addTally: prepare(`insert into tally (key, amount) values (?1, ?2)
      on conflict (key) do update set amount = amount + ?2`),
    addSummary: prepare(`insert into summary (workspace, environment, bucket, first, last, series)
      values (?, ?, ?, ?, ?, ?)`),
    keepKey: prepare("update used set expires_at = ? where key = ?"),
    lastNumber: prepare(lastNumber),
    sweep: prepare(`delete from used where key in
      (select key from used where expires_at <= ? order by expires_at limit ?)`),
  };
}

function readFinish(pack: PackReader): Finish | undefined {
  const how = pack.number();
  if (how === finishes.none) return undefined;
  const job = pack.text();
  const retry = how === finishes.retry ? [pack.number(), pack.number(), pack.text()] : undefined;
  return { how, job, retry };
}

function readUnless(pack: PackReader): Unless | undefined {
  if (pack.number() === 0) return undefined;
  return { key: pack.text(), expiresAt: pack.number() };
}

function readJob(pack: PackReader): SqlValue[] {
  return [
    pack.text(),
    pack.name(),
    pack.name(),
    pack.text(),
    pack.name(),
    pack.nameOrNull(),
    pack.number(),
    pack.number(),
    pack.blob(),
    pack.number(),
    pack.name(),
    pack.numberOrNull(),
  ];
}
