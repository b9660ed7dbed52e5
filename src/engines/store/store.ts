import type { Actor } from "../../kernel/principal.ts";

/** How long history and audit rows are kept. */
export const historyDays = 400;

/** How long a soft-deleted record and its secrets are kept, and can be brought back. */
export const deletedDays = 7;

/** No list returns more, whatever its `limit` says. */
export const listLimitMax = 1000;

/** Records that one commit may change. */
export const commitRecordsMax = 4096;

/** Configuration: records (versioned, audited, indexed) and entries (keyed, expiring, without history). */
export type Store = {
  readonly records: Records;
  readonly entries: Entries;
  /**
   * Applies everything or nothing, in one durable transaction: record changes with their history, entries, outbox,
   * and the audit row. A record may be named once. Keys are compared after all changes, so two records may swap them.
   *
   * @throws Failure conflict when a record, changed or held, is not at its expected version, a unique key is taken (the pointer is
   * `/` and the key's name), an entry that was to be new exists, or a limit is passed: then nothing changed. Failure
   * unavailable when the database cannot be written: then nothing was acknowledged, and nothing changed unless the
   * connection was lost while the database answered, which its next readers find out.
   */
  commit(commit: Commit): Promise<void>;
  audit: {
    /** Newest first, in commit order; at most 1,000. */
    list(workspace: string, query: AuditQuery): Promise<readonly Audit[]>;
    /** undefined when there is none, or it is another workspace's. */
    get(workspace: string, id: string): Promise<Audit | undefined>;
    /** Every change that the commit with this audit row made, by kind and id; none when there is no such row. */
    changes(workspace: string, id: string): Promise<readonly Change[]>;
  };
  outbox: {
    /** The oldest messages not yet done, in commit order; at most 1,000. */
    pending(limit: number): Promise<readonly OutboxMessage[]>;
    /** Ids that are unknown or done already are ignored. */
    done(ids: readonly string[]): Promise<void>;
  };
  /**
   * Calls back with records that changed (never none); returns how to stop. For commits of this process: synchronously
   * within `commit`, after it is durable. For those of other processes on the database: in commit order, within a second
   * while the database can be reached, and after it could not. A record is never told at an older version after a newer
   * one; of several changes made elsewhere between two looks, its newest version alone may be told. A listener that
   * throws is a bug: it is reported to the owner of the store, the commit stands and the other listeners are called.
   */
  onChange(listener: (changed: readonly StoredRecord[]) => void): () => void;
  readonly feed: {
    /**
     * For how long, in ms, changes of other processes may have gone untold: the age of the last look that told all
     * there were. 0 where no other process can make any. What is made of `onChange` is as old as this.
     */
    silentMs(): number;
  };
  /**
   * True while this process is the one to do `name`, for `forMs` from the call on; asked again in time, it stays so. Others
   * are told false until it lapses, by the clock of the database, or this store is closed. A process that was stopped for
   * longer goes on believing what it was told: work under a lease must be harmless when done twice.
   *
   * @throws Failure unavailable when that cannot be found out
   */
  lease(name: string, forMs: number): Promise<boolean>;
  /**
   * Removes up to `limit` of what is over: expired entries, then records soft-deleted more than `deletedDays` ago,
   * with their secrets, then history and audit rows older than `historyDays`. Returns how many; fewer than `limit`
   * means that nothing is left to remove.
   */
  sweep(limit: number): Promise<number>;
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
  /** By declared global key, across workspaces: to authenticate a credential or route a token, before any workspace is known. */
  byGlobalKey(kind: string, name: string, value: string): Promise<StoredRecord | undefined>;
  /**
   * Newest first; `where` matches declared indexes exactly, all of them, at most 8. Soft-deleted records are left out.
   * At most 1,000.
   */
  find(workspace: string, kind: string, query: RecordQuery): Promise<readonly StoredRecord[]>;
  /** How many are live. */
  count(workspace: string, kind: string): Promise<number>;
  /**
   * Every live record of a kind across workspaces, in pages of at most 1,000 by id: for maps built at start only.
   * `after` is the last id of the previous page.
   */
  every(
    kind: string,
    query: { readonly limit: number; readonly after?: string },
  ): Promise<readonly StoredRecord[]>;
  /** Newest first; at most 1,000. */
  history(workspace: string, kind: string, id: string, limit: number): Promise<readonly Change[]>;
};

export type RecordQuery = {
  readonly where?: Readonly<Record<string, string>>;
  readonly limit: number;
  /** The last record of the previous page. */
  readonly after?: Pick<StoredRecord, "createdAt" | "id">;
};

export type StoredRecord = {
  readonly workspace: string;
  readonly kind: string;
  /** Unique within the kind, across workspaces and with deleted records. */
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
  /**
   * The version the change was decided on; 0 = must not exist, in any workspace, nor have been deleted, nor be in the
   * workspace's history.
   */
  readonly expected: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /**
   * SHA-256 fingerprints of the text of the secrets that this change sets, by name: all that history keeps of them.
   * A secret that is kept keeps its fingerprint.
   */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Unique within (workspace, kind, name) among live records. */
  readonly keys: Readonly<Record<string, string>>;
  /** Unique within (kind, name) across workspaces, such as an ingest token. */
  readonly globalKeys: Readonly<Record<string, string>>;
  readonly indexes: Readonly<Record<string, string>>;
  /** Set = soft delete: keys and indexes are freed, record and history stay. null on a deleted record brings it back. */
  readonly deletedAt: number | null;
  /** The version whose state this brings back, 0 = it did not exist; null = it is a state of its own. */
  readonly restores: number | null;
};

/** A record at a version, as for a change; one that was deleted meanwhile is at another. */
export type Hold = Pick<RecordChange, "kind" | "id" | "expected">;

/** A record's state at one version. */
export type Snapshot = {
  /** The plain fields. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Of each secret, by name: a changed secret is seen, and never its text. */
  readonly fingerprints: Readonly<Record<string, string>>;
};

export type Change = {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly at: number;
  readonly actor: Actor;
  readonly operation: string;
  /** null = it did not exist or was soft-deleted. */
  readonly before: Snapshot | null;
  readonly after: Snapshot | null;
  readonly restores: number | null;
  /** Of the commit's audit row, which may be over before the history is. */
  readonly audit: string | null;
};

/** What is left out is not asked for. */
export type AuditQuery = {
  readonly limit: number;
  /** Only older rows than the one with this id; none when there is no such row. */
  readonly before?: string;
  readonly where?: {
    readonly operation?: string;
    /** Id of the actor. */
    readonly actor?: string;
    /** One of the subjects. */
    readonly subject?: string;
    /** Not before this moment. */
    readonly since?: number;
  };
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
  /** JSON; null removes it. */
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
  /** Records that it was decided on and does not change: they have to be as they were. */
  readonly holds?: readonly Hold[];
  readonly entries: readonly EntryChange[];
  readonly outbox: readonly { readonly id: string; readonly name: string; readonly payload: string }[];
  /** How many live records of a kind that match `where` the workspace may have once this is committed, whoever else commits. */
  readonly limits?: readonly {
    readonly kind: string;
    readonly where: Readonly<Record<string, string>>;
    readonly max: number;
  }[];
  /** null = not audited (last use of a key, sessions). */
  readonly audit: {
    readonly id: string;
    readonly subjects: readonly string[];
    readonly detail: Readonly<Record<string, unknown>>;
  } | null;
};

/** Keyed, expiring values: idempotency, last use, plans. One is live before `expiresAt`; others are never returned. */
export type Entries = {
  /** undefined when there is none. */
  get(workspace: string, collection: string, key: string): Promise<unknown>;
  /** Live entries of a collection, by key, at most `limit` and 1,000; `after` is the last key of the previous page. */
  list(
    workspace: string,
    collection: string,
    limit: number,
    after?: string,
  ): Promise<readonly { readonly key: string; readonly value: unknown; readonly expiresAt: number }[]>;
};
