import type { z } from "zod";
import type {
  Commit,
  EntryChange,
  RecordChange,
  RecordQuery,
  Store,
  StoredRecord,
} from "../engines/store/store.ts";
import type { Vault } from "../engines/vault/vault.ts";
import { newId } from "../kernel/id.ts";
import { fingerprint, type Secret } from "../kernel/secret.ts";
import type { Engines } from "./engines.ts";
import { secretOwner, unmasked, type Resource, type Row } from "./resource.ts";

/**
 * What one call reads and writes of the configuration. Reads repeat (a record read once stays as it was for the
 * call) and see the call's own writes; writes are buffered and reach the store in the one commit that `invoke` makes.
 */
export type Unit = {
  get<S extends z.ZodObject>(resource: Resource<S>, id: string): Promise<Row<S> | undefined>;
  byKey<S extends z.ZodObject>(
    resource: Resource<S>,
    name: string,
    value: string,
  ): Promise<Row<S> | undefined>;
  /** Newest first, live records; own writes of this call are not listed. */
  find<S extends z.ZodObject>(resource: Resource<S>, query: RecordQuery): Promise<readonly Row<S>[]>;
  count(resource: Resource): Promise<number>;
  create<S extends z.ZodObject>(resource: Resource<S>, value: z.output<S>, secrets?: Secrets): Row<S>;
  /** Secrets given replace those of the same name, null removes one, others stay. */
  update<S extends z.ZodObject>(
    resource: Resource<S>,
    row: Row<S>,
    value: z.output<S>,
    secrets?: Secrets,
  ): Row<S>;
  /** Soft: its keys are free, and it can be brought back as long as the store keeps it. */
  remove<S extends z.ZodObject>(resource: Resource<S>, row: Row<S>): void;
  /** Back to what it was at an earlier version, live or not (null), with the secrets it has. */
  revert<S extends z.ZodObject>(resource: Resource<S>, row: Row<S>, to: Earlier<S>): Row<S>;
  /**
   * How many live records of the resource, of those that match `where`, there may be once this is committed: counting them
   * before does not tell what calls at the same moment create. Too many is a conflict, on which the call decides again.
   */
  limit(resource: Resource, max: number, where?: Readonly<Record<string, string>>): void;
  /** What the call is decided on and does not change: if it is another by the time of the commit, the call decides again. */
  hold<S extends z.ZodObject>(resource: Resource<S>, row: Row<S>): void;
  entry(collection: string, key: string): Promise<unknown>;
  putEntry(change: EntryChange): void;
  /** What was buffered, for the commit and for a dry run's account of it. */
  written(): Written;
};

export type Earlier<S extends z.ZodObject> = {
  readonly value: z.output<S> | null;
  /** 0 = before the first. */
  readonly version: number;
};

export type Secrets = Readonly<Record<string, Secret | null>>;
export type Written = Pick<Commit, "records" | "entries" | "outbox"> & {
  readonly limits: NonNullable<Commit["limits"]>;
  readonly holds: NonNullable<Commit["holds"]>;
  readonly changes: readonly {
    readonly kind: string;
    readonly id: string;
    readonly before: object | null;
    readonly after: object | null;
  }[];
};

type Pending = {
  readonly resource: Resource;
  readonly change: RecordChange;
  readonly row: Row;
  readonly before: Row["value"] | null;
};

export function unitOfWork(
  workspace: string,
  now: number,
  { store, vault }: Pick<Engines, "store" | "vault">,
): Unit {
  const written = new Map<string, Pending>();
  const entries: EntryChange[] = [];
  const limits: Written["limits"][number][] = [];
  const holds: Written["holds"][number][] = [];
  return {
    ...reads(workspace, store, written),
    ...recordWrites(workspace, now, vault, written),
    limit({ kind }, max, where = {}) {
      limits.push({ kind, where, max });
    },
    hold({ kind }, { id, version }) {
      holds.push({ kind, id, expected: version });
    },
    entry(collection, key) {
      const own = entries.findLast((it) => it.collection === collection && it.key === key);
      return own === undefined ? store.entries.get(workspace, collection, key) : Promise.resolve(own.value);
    },
    putEntry(change) {
      entries.push(change);
    },
    written() {
      const pending = [...written.values()];
      const changes = pending.map(({ resource, row, before }) => {
        const after = liveValue(row);
        const shown = (value: object | null): object | null => value && unmasked(resource, value);
        return { kind: resource.kind, id: row.id, before: shown(before), after: shown(after) };
      });
      const records = pending.map(({ change }) => change);
      return { records, entries, limits, holds, outbox: pending.flatMap(messagesOf), changes };
    },
  };
}

function reads(
  workspace: string,
  store: Store,
  written: ReadonlyMap<string, Pending>,
): Pick<Unit, "get" | "byKey" | "find" | "count"> {
  const read = new Map<string, Row | undefined>();
  return {
    async get(resource, id) {
      const own = written.get(id);
      if (own !== undefined) return own.row.deletedAt === null ? rowOf(resource, own.row) : undefined;
      if (!read.has(id))
        read.set(id, decoded(resource, await store.records.get(workspace, resource.kind, id)));
      const row = read.get(id);
      return row === undefined ? undefined : rowOf(resource, row);
    },
    async byKey(resource, name, value) {
      const own = [...written.values()].find(
        ({ change }) =>
          change.kind === resource.kind && change.deletedAt === null && change.keys[name] === value,
      );
      if (own !== undefined) return rowOf(resource, own.row);
      const row = decoded(resource, await store.records.byKey(workspace, resource.kind, name, value));
      return row === undefined || written.has(row.id) ? undefined : row;
    },
    async find(resource, query) {
      const rows = await store.records.find(workspace, resource.kind, query);
      return rows.map((row) => decodedRow(resource, row));
    },
    async count(resource) {
      const own = [...written.values()].filter(({ change }) => change.kind === resource.kind);
      const added = own.filter(({ row, before }) => before === null && row.deletedAt === null).length;
      const removed = own.filter(({ row, before }) => before !== null && row.deletedAt !== null).length;
      return (await store.records.count(workspace, resource.kind)) + added - removed;
    },
  };
}

function recordWrites(
  workspace: string,
  now: number,
  vault: Vault,
  written: Map<string, Pending>,
): Pick<Unit, "create" | "update" | "remove" | "revert"> {
  function write<S extends z.ZodObject>(
    resource: Resource<S>,
    row: Row<S>,
    { was, secrets = {}, restores = null }: Write<S>,
  ): Row<S> {
    const sealed = { ...row.sealed };
    const fingerprints: Record<string, string> = {};
    for (const [name, secret] of Object.entries(secrets)) {
      if (secret === null) delete sealed[name];
      else {
        sealed[name] = vault.seal(secret, secretOwner(workspace, resource.kind, row.id, name));
        fingerprints[name] = fingerprint(secret.reveal());
      }
    }
    const earlier = written.get(row.id);
    const made: Row<S> = { ...row, sealed };
    const { id, value, deletedAt } = made;
    written.set(id, {
      resource,
      row: made,
      before: earlier === undefined ? (was === undefined ? null : liveValue(was)) : earlier.before,
      change: {
        kind: resource.kind,
        id,
        value,
        deletedAt,
        restores,
        secrets: sealed,
        expected: earlier?.change.expected ?? was?.version ?? 0,
        fingerprints: { ...earlier?.change.fingerprints, ...fingerprints },
        ...placesOf(resource, value),
      },
    });
    return made;
  }
  return {
    create(resource, value, secrets) {
      const id = newId(resource.prefix);
      const times = { createdAt: now, updatedAt: now, deletedAt: null };
      return write(resource, { id, workspace, version: 1, ...times, value, sealed: {} }, { secrets });
    },
    update(resource, row, value, secrets) {
      return write(resource, { ...changedAt(row, now), value }, { was: row, secrets });
    },
    remove(resource, row) {
      write(resource, { ...changedAt(row, now), deletedAt: now }, { was: row });
    },
    revert(resource, row, { value, version }) {
      const state = value === null ? { deletedAt: now } : { deletedAt: null, value };
      return write(resource, { ...changedAt(row, now), ...state }, { was: row, restores: version });
    },
  };
}

function changedAt<S extends z.ZodObject>(row: Row<S>, now: number): Row<S> {
  return { ...row, version: row.version + 1, updatedAt: now };
}

/** What a live record is found by. */
function placesOf<S extends z.ZodObject>(resource: Resource<S>, value: z.output<S>) {
  return {
    keys: resource.keys(value),
    globalKeys: resource.globalKeys(value),
    indexes: resource.indexes(value),
  };
}

type Write<S extends z.ZodObject> = {
  readonly was?: Row<S>;
  readonly secrets?: Secrets | undefined;
  readonly restores?: number | null;
};

function liveValue<S extends z.ZodObject>({ deletedAt, value }: Row<S>): z.output<S> | null {
  return deletedAt === null ? value : null;
}

function messagesOf({ resource, row, before }: Pending): Commit["outbox"] {
  return resource
    .messages(row.id, before, liveValue(row))
    .map(({ name, payload }) => ({ id: newId("msg"), name, payload: JSON.stringify(payload) }));
}

/** A stored record in the shape its resource declares. Throws when it is not: a migration is missing. */
export function decodedRow<S extends z.ZodObject>(resource: Resource<S>, stored: StoredRecord): Row<S> {
  const { value, secrets, ...rest } = stored;
  return { ...rest, value: resource.shape.parse(value), sealed: secrets };
}

function decoded<S extends z.ZodObject>(
  resource: Resource<S>,
  stored: StoredRecord | undefined,
): Row<S> | undefined {
  return stored === undefined ? undefined : decodedRow(resource, stored);
}

function rowOf<S extends z.ZodObject>(resource: Resource<S>, row: Row): Row<S> {
  return { ...row, value: resource.shape.parse(row.value) };
}
