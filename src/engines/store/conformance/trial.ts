import type { Clock } from "../../../kernel/clock.ts";
import type { Commit, RecordChange, Store } from "../store.ts";

/** Somewhere empty that stores can be opened on, one after the other, and that goes away with `remove`. */
export type StorePlace = { open(clock: Clock): Promise<Store>; remove(): Promise<void> };

/** What one promise is tried on. The time stands still unless the test moves it. */
export type Trial = {
  readonly store: Store;
  readonly time: { ms: number };
  /** Closes the store and opens it again on the same place. */
  reopen(): Promise<Store>;
};

/** By what is promised: how it is tried. */
export type Promises = Readonly<Record<string, (trial: Trial) => Promise<void>>>;

export const startMs = Date.UTC(2026, 0, 1);
export const dayMs = 24 * 60 * 60 * 1000;

export function commitOf(parts: Partial<Commit>): Commit {
  return {
    workspace: "ws_a",
    at: startMs,
    actor: { kind: "user", id: "usr_1" },
    operation: "try",
    records: [],
    entries: [],
    outbox: [],
    audit: null,
    ...parts,
  };
}

/** A change of a `thing`; it creates one unless `expected` says otherwise. */
export function changeOf(id: string, parts: Partial<RecordChange> = {}): RecordChange {
  return {
    kind: "thing",
    id,
    expected: 0,
    value: {},
    secrets: {},
    fingerprints: {},
    keys: {},
    globalKeys: {},
    indexes: {},
    deletedAt: null,
    restores: null,
    ...parts,
  };
}
