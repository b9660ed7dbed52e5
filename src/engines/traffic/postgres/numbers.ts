import { numberOf, textOf } from "../../stored/row.ts";
import { durable, type Query } from "../../postgres/database.ts";
import { storableJson } from "../../stored/storable-json.ts";

/**
 * The short numbers of a group, by workspace. Those above 0 are given. The others are to be allotted by the statement
 * that writes the group, and count back from the last that it allots: 0 is the last, -1 the one before.
 */
export type Given = {
  readonly numbers: ReadonlyMap<string, number[]>;
  /** How many the statement allots. */
  readonly allot: readonly { readonly workspace: string; readonly need: number }[];
  /** To be called when that statement has ended. */
  settle(): void;
};

/** Numbers a node takes at once and has not given yet are lost when it ends: this many of a workspace at most. */
const blockMax = 1_024;
/** A workspace that asks again so soon takes twice as many. */
const soonMs = 1_000;
const workspacesMax = 10_000;

type Range = { next: number; end: number; size: number; readonly takenAt: number };

const take = `insert into numbering (workspace, last)
select workspace, take from json_to_recordset($1) as wanted (workspace text, take bigint) order by workspace
on conflict (workspace) do update set last = numbering.last + excluded.last
returning workspace, last, ${durable}`;

/**
 * Gives short numbers in the order it is asked. While groups come one at a time, the statement that writes a group takes
 * what it needs and numbers stay consecutive; when they overlap, this node takes blocks, so that they do not wait for
 * the row of their workspace until the commit before has been synced.
 */
export class Numbers {
  readonly #database: Query;
  readonly #ranges = new Map<string, Range>();
  #turn: Promise<void> = Promise.resolve();

  constructor(database: Query) {
    this.#database = database;
  }

  /** `alone`: no other group is under way. @throws Failure unavailable */
  async give(needs: ReadonlyMap<string, number>, alone: boolean): Promise<Given> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      if (!alone) await this.#takeBlocks(needs);
      const numbers = new Map<string, number[]>();
      const allot: { workspace: string; need: number }[] = [];
      for (const [workspace, count] of needs) {
        const given = this.#fromRange(workspace, count);
        const need = count - given.length;
        if (need > 0) allot.push({ workspace, need });
        for (let back = need - 1; back >= 0; back--) given.push(-back);
        numbers.set(workspace, given);
      }
      if (allot.length === 0) resolve();
      return { numbers, allot, settle: resolve };
    } catch (error) {
      resolve();
      throw error;
    }
  }

  #fromRange(workspace: string, count: number): number[] {
    const range = this.#ranges.get(workspace);
    const given: number[] = [];
    if (range === undefined) return given;
    while (given.length < count && range.next < range.end) given.push(range.next++);
    return given;
  }

  /** Sees to it that every workspace has as many as are needed, kept in the database before any is given. */
  async #takeBlocks(needs: ReadonlyMap<string, number>): Promise<void> {
    const now = performance.now();
    const wanted = [];
    for (const [workspace, count] of needs) {
      const range = this.#ranges.get(workspace);
      const left = range === undefined ? 0 : range.end - range.next;
      if (left >= count) continue;
      const isSoon = range !== undefined && now - range.takenAt < soonMs;
      const size = Math.max(count, isSoon ? Math.min(2 * range.size, blockMax) : 0);
      wanted.push({ workspace, take: size });
    }
    if (wanted.length === 0) return;
    if (this.#ranges.size > workspacesMax) this.#ranges.clear();
    for (const row of await this.#database.query(take, [storableJson(wanted)], "numbers")) {
      const workspace = textOf(row, "workspace");
      const end = numberOf(row, "last") + 1;
      const size = wanted.find((it) => it.workspace === workspace)?.take ?? 0;
      this.#extend(workspace, { next: end - size, end, size, takenAt: now });
    }
  }

  #extend(workspace: string, taken: Range): void {
    const range = this.#ranges.get(workspace);
    // What is left of the last block goes on when nobody else took numbers in between; else it is a gap.
    if (range !== undefined && range.end === taken.next) taken.next = range.next;
    this.#ranges.set(workspace, taken);
  }
}
