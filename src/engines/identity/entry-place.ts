import type { Actor } from "../../kernel/principal.ts";

type Listed = readonly { readonly key: string; readonly value: unknown }[];

/** What an authorization server keeps, keyed and expiring: the slice of a store that it needs. */
export type EntryStore = {
  readonly entries: {
    get(workspace: string, collection: string, key: string): Promise<unknown>;
    list(workspace: string, collection: string, limit: number, after?: string): Promise<Listed>;
  };
  commit(commit: {
    readonly workspace: string;
    readonly at: number;
    readonly actor: Actor;
    readonly operation: string;
    readonly records: readonly never[];
    readonly entries: readonly Entry[];
    readonly outbox: readonly never[];
    readonly audit: null;
  }): Promise<void>;
};

export type Entry = {
  readonly collection: string;
  readonly key: string;
  /** null removes it. */
  readonly value: unknown;
  readonly expiresAt: number;
  readonly mustBeNew: boolean;
};

/** Entries of one workspace, which stands apart from those of people. */
export type EntryPlace = {
  get(collection: string, key: string): Promise<unknown>;
  /** All of them, by key, at most 10,000. */
  list(collection: string): Promise<Listed>;
  /** All or none. @throws Failure conflict when one that must be new exists; unavailable */
  put(...entries: readonly Entry[]): Promise<void>;
};

const perRead = 1_000;
const listedMax = 10_000;

export function entryPlace(
  { entries, commit }: EntryStore,
  workspace: string,
  clock: { now(): number },
): EntryPlace {
  return {
    get: (collection, key) => entries.get(workspace, collection, key),
    async list(collection) {
      const found: Listed[number][] = [];
      for (let after = ""; found.length < listedMax;) {
        const page = await entries.list(workspace, collection, perRead, after);
        found.push(...page);
        after = page.at(-1)?.key ?? after;
        if (page.length < perRead) break;
      }
      return found;
    },
    async put(...changes) {
      await commit({
        workspace,
        at: clock.now(),
        actor: { kind: "system", id: "oauth" },
        operation: "oauth",
        records: [],
        entries: changes,
        outbox: [],
        audit: null,
      });
    },
  };
}

export function entry(collection: string, key: string, value: unknown, expiresAt: number): Entry {
  return { collection, key, value, expiresAt, mustBeNew: false };
}

export function noEntry(collection: string, key: string): Entry {
  return entry(collection, key, null, 0);
}
