import { newId } from "../../kernel/id.ts";
import type { Actor } from "../../kernel/principal.ts";

type Listed = readonly { readonly key: string; readonly value: unknown }[];

/** Kind of the records by which processes tell each other that a grant is not what it was. */
export const changedGrant = "changed_grant";

/** Says to every process, in the order of commits, that a grant is not what it was. It is deleted from the beginning. */
type Notice = {
  readonly kind: typeof changedGrant;
  readonly id: string;
  readonly expected: 0;
  readonly value: { readonly grant: string };
  readonly secrets: Nothing;
  readonly fingerprints: Nothing;
  readonly keys: Nothing;
  readonly globalKeys: Nothing;
  readonly indexes: Nothing;
  readonly deletedAt: number;
  readonly restores: null;
};
type Nothing = Readonly<Record<string, never>>;

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
    readonly records: readonly Notice[];
    readonly entries: readonly Entry[];
    readonly outbox: readonly never[];
    readonly audit: null;
  }): Promise<void>;
  onChange(
    listener: (
      changed: readonly { readonly kind: string; readonly value: Readonly<Record<string, unknown>> }[],
    ) => void,
  ): () => void;
  readonly feed: { silentMs(): number };
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
  /** As `put`; every process is told, in the same transaction, that this grant or a token of it is not what it was. */
  putTelling(grant: string, ...entries: readonly Entry[]): Promise<void>;
  /** Calls back with the grant of each `putTelling`: of this process before that resolves, of others within a second. */
  onTold(listener: (grant: string) => void): void;
  /** For how long, in ms, something may have gone untold. */
  silentMs(): number;
};

const perRead = 1_000;
const listedMax = 10_000;

export function entryPlace(
  { entries, commit, onChange, feed }: EntryStore,
  workspace: string,
  clock: { now(): number },
): EntryPlace {
  async function write(changes: readonly Entry[], records: readonly Notice[]): Promise<void> {
    await commit({
      workspace,
      at: clock.now(),
      actor: { kind: "system", id: "oauth" },
      operation: "oauth",
      records,
      entries: changes,
      outbox: [],
      audit: null,
    });
  }

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
    put: (...changes) => write(changes, []),
    putTelling: (grant, ...changes) => write(changes, [notice(grant, clock.now())]),
    onTold(listener) {
      onChange((changed) => {
        for (const { kind, value } of changed) if (kind === changedGrant) listener(String(value["grant"]));
      });
    },
    silentMs: () => feed.silentMs(),
  };
}

export function entry(collection: string, key: string, value: unknown, expiresAt: number): Entry {
  return { collection, key, value, expiresAt, mustBeNew: false };
}

export function noEntry(collection: string, key: string): Entry {
  return entry(collection, key, null, 0);
}

function notice(grant: string, at: number): Notice {
  return {
    kind: changedGrant,
    id: newId("chg"),
    expected: 0,
    value: { grant },
    secrets: {},
    fingerprints: {},
    keys: {},
    globalKeys: {},
    indexes: {},
    deletedAt: at,
    restores: null,
  };
}
