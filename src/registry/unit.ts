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
import { secretOwner, type Resource, type Row } from "./resource.ts";

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
  /** Soft: the record and its history stay, its keys are free. */
  remove<S extends z.ZodObject>(resource: Resource<S>, row: Row<S>): void;
  entry(collection: string, key: string): Promise<unknown>;
  putEntry(change: EntryChange): void;
  /** A message that reaches its handler after the commit, at least once, with the commit's own id to recognise repeats. */
  send(name: string, payload: object): void;
  /** What was buffered, for the commit and for a dry run's account of it. */
  written(): Written;
};

export type Secrets = Readonly<Record<string, Secret | null>>;
export type Written = Pick<Commit, "records" | "entries" | "outbox"> & {
  readonly changes: readonly {
    readonly kind: string;
    readonly id: string;
    readonly before: object | null;
    readonly after: object | null;
  }[];
};

type Pending = {
  readonly masked: readonly string[];
  readonly change: RecordChange;
  readonly row: Row;
  readonly before: object | null;
};

export function unitOfWork(
  workspace: string,
  now: number,
  { store, vault }: Pick<Engines, "store" | "vault">,
): Unit {
  const written = new Map<string, Pending>();
  const entries: EntryChange[] = [];
  const outbox: { id: string; name: string; payload: string }[] = [];
  return {
    ...reads(workspace, store, written),
    ...recordWrites(workspace, now, vault, written),
    entry(collection, key) {
      const own = entries.findLast((it) => it.collection === collection && it.key === key);
      return own === undefined ? store.entries.get(workspace, collection, key) : Promise.resolve(own.value);
    },
    putEntry(change) {
      entries.push(change);
    },
    send(name, payload) {
      outbox.push({ id: newId("msg"), name, payload: JSON.stringify(payload) });
    },
    written() {
      const pending = [...written.values()];
      const changes = pending.map(({ change, before, masked }) => ({
        kind: change.kind,
        id: change.id,
        before: before && without(masked, before),
        after: change.deletedAt === null ? without(masked, change.value) : null,
      }));
      return { records: pending.map(({ change }) => change), entries, outbox, changes };
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
      const added = own.filter(({ change }) => change.expected === 0 && change.deletedAt === null).length;
      const removed = own.filter(({ change }) => change.expected > 0 && change.deletedAt !== null).length;
      return (await store.records.count(workspace, resource.kind)) + added - removed;
    },
  };
}

function recordWrites(
  workspace: string,
  now: number,
  vault: Vault,
  written: Map<string, Pending>,
): Pick<Unit, "create" | "update" | "remove"> {
  function write<S extends z.ZodObject>(
    resource: Resource<S>,
    row: Row<S>,
    was: Row<S> | undefined,
    secrets: Secrets,
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
    const next: Row<S> = { ...row, sealed };
    const { kind } = resource;
    const { id, value, deletedAt } = next;
    written.set(id, {
      masked: resource.masked,
      row: next,
      before: earlier === undefined ? (was?.value ?? null) : earlier.before,
      change: {
        kind,
        id,
        value,
        deletedAt,
        secrets: sealed,
        expected: earlier?.change.expected ?? was?.version ?? 0,
        fingerprints: { ...earlier?.change.fingerprints, ...fingerprints },
        keys: resource.keys(value),
        globalKeys: resource.globalKeys(value),
        indexes: resource.indexes(value),
      },
    });
    return next;
  }
  return {
    create(resource, value, secrets = {}) {
      const id = newId(resource.prefix);
      const times = { createdAt: now, updatedAt: now, deletedAt: null };
      return write(resource, { id, workspace, version: 1, ...times, value, sealed: {} }, undefined, secrets);
    },
    update(resource, row, value, secrets = {}) {
      return write(resource, { ...row, version: row.version + 1, updatedAt: now, value }, row, secrets);
    },
    remove(resource, row) {
      write(resource, { ...row, version: row.version + 1, updatedAt: now, deletedAt: now }, row, {});
    },
  };
}

function without(masked: readonly string[], value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !masked.includes(name)));
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
