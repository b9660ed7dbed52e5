import type { Actor } from "../../kernel/principal.ts";

/** Configuration: records (versioned, audited, indexed) and entries (keyed, expiring, without history). */
export type Store = {
  readonly records: Records;
  readonly entries: Entries;
  /**
   * Applies everything or nothing, in one durable transaction: record changes with their history, entries, outbox,
   * and the audit row.
   *
   * @throws Failure conflict when a record is not at its expected version, a unique key is taken, or an entry that
   * was to be new exists; Failure unavailable when the database cannot be written. Then nothing changed.
   */
  commit(commit: Commit): Promise<void>;
  audit: {
    /** Newest first. */
    list(
      workspace: string,
      query: { readonly limit: number; readonly before?: string },
    ): Promise<readonly Audit[]>;
  };
  outbox: {
    /** The oldest messages not yet done, in commit order. */
    pending(limit: number): Promise<readonly OutboxMessage[]>;
    done(ids: readonly string[]): Promise<void>;
  };
  /** Calls back synchronously within `commit`, after it is durable, with the records it changed; returns how to stop. */
  onChange(listener: (changed: readonly StoredRecord[]) => void): () => void;
  close(): Promise<void>;
};

export type Records = {
  /** A record of another workspace is undefined, like one that never was. Soft-deleted ones are found only when asked for. */
  get(
    workspace: string,
    kind: string,
    id: string,
    deleted?: "deleted too",
  ): Promise<StoredRecord | undefined>;
  /** By declared unique key, within the workspace. */
  byKey(workspace: string, kind: string, name: string, value: string): Promise<StoredRecord | undefined>;
  /** Newest first; `where` matches declared indexes exactly. Soft-deleted records are left out. At most 1,000. */
  find(workspace: string, kind: string, query: RecordQuery): Promise<readonly StoredRecord[]>;
  count(workspace: string, kind: string): Promise<number>;
  /** Every live record of a kind across workspaces, in pages by id: for maps built at start and credentials only. */
  every(
    kind: string,
    query: { readonly limit: number; readonly after?: string },
  ): Promise<readonly StoredRecord[]>;
  /** Newest first. */
  history(workspace: string, kind: string, id: string, limit: number): Promise<readonly Change[]>;
};

export type RecordQuery = {
  readonly where?: Readonly<Record<string, string>>;
  readonly limit: number;
  readonly after?: { readonly createdAt: number; readonly id: string };
};

export type StoredRecord = {
  readonly workspace: string;
  readonly kind: string;
  readonly id: string;
  /** 1 when created, one more with every change. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deletedAt: number | null;
  /** Plain fields, JSON. Secret fields are absent here. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Secret fields, sealed by the vault (base64url), by name. The store never sees their text. */
  readonly secrets: Readonly<Record<string, string>>;
};

export type RecordChange = {
  readonly kind: string;
  readonly id: string;
  /** The version the change was decided on; 0 = must not exist. */
  readonly expected: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** SHA-256 fingerprints of the secrets' text, by name: all that history keeps of them. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Unique within (workspace, kind, name) among live records. */
  readonly keys: Readonly<Record<string, string>>;
  /** Unique within (kind, name) across workspaces, such as an ingest token. */
  readonly globalKeys: Readonly<Record<string, string>>;
  readonly indexes: Readonly<Record<string, string>>;
  /** Set = soft delete: keys are freed. */
  readonly deletedAt: number | null;
};

export type Change = {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly at: number;
  readonly actor: Actor;
  readonly operation: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
};

export type Audit = {
  readonly id: string;
  readonly workspace: string;
  readonly at: number;
  readonly actor: Actor;
  readonly operation: string;
  readonly subjects: readonly string[];
  /** Small JSON: how it was reached, what was asked without secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
};

export type OutboxMessage = {
  readonly id: string;
  readonly workspace: string;
  readonly name: string;
  readonly payload: string;
};

export type EntryChange = {
  readonly collection: string;
  readonly key: string;
  /** null removes it. */
  readonly value: unknown;
  readonly expiresAt: number;
  /** True = conflict when a live entry exists. */
  readonly mustBeNew: boolean;
};

export type Commit = {
  readonly workspace: string;
  readonly at: number;
  readonly actor: Actor;
  readonly operation: string;
  readonly records: readonly RecordChange[];
  readonly entries: readonly EntryChange[];
  readonly outbox: readonly { readonly id: string; readonly name: string; readonly payload: string }[];
  /** null = not audited (last use of a key, sessions). */
  readonly audit: {
    readonly id: string;
    readonly subjects: readonly string[];
    readonly detail: Readonly<Record<string, unknown>>;
  } | null;
};

/** Keyed, expiring values: idempotency, last use, plans. Expired ones are never returned. */
export type Entries = {
  get(workspace: string, collection: string, key: string): Promise<unknown>;
  /** Live entries of a collection, by key, at most `limit`. */
  list(
    workspace: string,
    collection: string,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly value: unknown; readonly expiresAt: number }[]>;
  /** Removes up to `limit` expired entries; returns how many. */
  sweep(limit: number): Promise<number>;
};
