import type { Param, Query } from "../../postgres/database.ts";
import { numberOf, textOf, type Row } from "../../stored/row.ts";
import { snapshotText } from "../history.ts";
import { countOf, versionColumns, versionOf, type Version } from "../records.ts";
import { keyTaken, refuseOver, refuseStale, stepOf, type Step } from "../steps.ts";
import type { Commit, Hold, StoredRecord } from "../store.ts";
import { askOf } from "./ask.ts";

/** Applies the record changes of a commit, within its transaction, and answers what they made, in the commit's order. */
export async function writeChanges(
  within: Query,
  commit: Commit,
  seq: number,
): Promise<readonly StoredRecord[]> {
  const { holds = [] } = commit;
  const held = await storedOf(within, holds);
  for (const hold of holds) refuseStale(commit.workspace, hold, held.get(`${hold.kind} ${hold.id}`));
  const steps = await stepsOf(within, commit);
  if (steps.length > 0) {
    await putRecords(within, steps, seq);
    await writeHistory(within, commit, steps);
    // All old keys are free before the first new one is taken, so records may swap keys.
    await freePlaces(within, commit);
    await takeKeys(within, steps);
    await writeIndexes(within, steps);
  }
  const ask = askOf(within);
  for (const limit of commit.limits ?? []) {
    const [row] = await ask(...countOf(commit.workspace, limit.kind, limit.where));
    refuseOver(limit, row === undefined ? 0 : numberOf(row, "live"));
  }
  return steps.map(({ after }) => after.record);
}

const named = "(kind, id) in (select * from unnest($1::text[], $2::text[]))";

async function stepsOf(within: Query, commit: Commit): Promise<readonly Step[]> {
  const { records, workspace } = commit;
  if (records.length === 0) return [];
  const before = await storedOf(within, records);
  const unknown = records.filter((it) => !before.has(`${it.kind} ${it.id}`));
  const past = await within.query(`select distinct kind, id from history where ${named} and workspace = $3`, [
    ...namesOf(unknown),
    workspace,
  ]);
  const remembered = new Set(past.map(placeOf));
  return records.map((change) => {
    const place = `${change.kind} ${change.id}`;
    return stepOf(commit, change, { before: before.get(place), remembered: remembered.has(place) });
  });
}

/** By kind and id. */
async function storedOf(within: Query, records: readonly Name[]): Promise<ReadonlyMap<string, Version>> {
  if (records.length === 0) return new Map();
  const stored = await within.query(`select ${versionColumns} from record where ${named}`, namesOf(records));
  return new Map(stored.map((row) => [placeOf(row), versionOf(row)]));
}

type Name = Pick<Hold, "kind" | "id">;

function placeOf(row: Row): string {
  return `${textOf(row, "kind")} ${textOf(row, "id")}`;
}

function namesOf(records: readonly Name[]): [kinds: string[], ids: string[]] {
  return [records.map(({ kind }) => kind), records.map(({ id }) => id)];
}

async function putRecords(within: Query, steps: readonly Step[], seq: number): Promise<void> {
  await within.query(
    `insert into record
      (workspace, kind, id, version, created_at, updated_at, deleted_at, value, secrets, fingerprints, seq)
    select it.*, ${seq} from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
      $7::bigint[], $8::text[], $9::text[], $10::text[]) as it
    on conflict (kind, id) do update set version = excluded.version, updated_at = excluded.updated_at,
      deleted_at = excluded.deleted_at, value = excluded.value, secrets = excluded.secrets,
      fingerprints = excluded.fingerprints, seq = excluded.seq`,
    columnsOf(steps, ({ after: { record, fingerprints } }) => [
      record.workspace,
      record.kind,
      record.id,
      record.version,
      record.createdAt,
      record.updatedAt,
      record.deletedAt,
      JSON.stringify(record.value),
      JSON.stringify(record.secrets),
      JSON.stringify(fingerprints),
    ]),
  );
}

async function writeHistory(
  within: Query,
  { workspace, at, actor, operation, audit }: Commit,
  steps: readonly Step[],
): Promise<void> {
  await within.query(
    `insert into history
      (workspace, at, actor_kind, actor_id, operation, audit, kind, id, version, before, after, restores)
    select $1, $2, $3, $4, $5, $6, it.*
    from unnest($7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::bigint[]) as it`,
    [
      workspace,
      at,
      actor.kind,
      actor.id,
      operation,
      audit?.id ?? null,
      ...columnsOf(steps, ({ change, before, after }) => [
        change.kind,
        change.id,
        after.record.version,
        snapshotText(before),
        snapshotText(after),
        change.restores,
      ]),
    ],
  );
}

async function freePlaces(within: Query, { workspace, records }: Commit): Promise<void> {
  for (const table of ["record_key", "record_index"])
    await within.query(`delete from ${table} where ${named} and workspace = $3`, [
      ...namesOf(records),
      workspace,
    ]);
}

async function takeKeys(within: Query, steps: readonly Step[]): Promise<void> {
  const wanted = live(steps).flatMap(({ change, after }) => [
    ...Object.entries(change.keys).map(([name, value]) => ({ ...after.record, name, value, isGlobal: 0 })),
    ...Object.entries(change.globalKeys).map(([name, value]) => ({
      ...after.record,
      name,
      value,
      isGlobal: 1,
    })),
  ]);
  if (wanted.length === 0) return;
  const taken = await within.query(
    `insert into record_key (workspace, kind, id, name, value, is_global)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[])
    on conflict do nothing returning kind, id, name, is_global`,
    columnsOf(wanted, (it) => [it.workspace, it.kind, it.id, it.name, it.value, it.isGlobal]),
  );
  if (taken.length === wanted.length) return;
  const own = new Set(
    taken.map((row) => `${placeOf(row)} ${numberOf(row, "is_global")} ${textOf(row, "name")}`),
  );
  const lost = wanted.find(({ kind, id, isGlobal, name }) => !own.has(`${kind} ${id} ${isGlobal} ${name}`));
  if (lost !== undefined) throw keyTaken(lost.kind, lost.name);
}

async function writeIndexes(within: Query, steps: readonly Step[]): Promise<void> {
  const wanted = live(steps).flatMap(({ change, after }) =>
    Object.entries(change.indexes).map(([name, value]) => ({ ...after.record, name, value })),
  );
  if (wanted.length === 0) return;
  await within.query(
    `insert into record_index (workspace, kind, id, name, value, created_at)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])`,
    columnsOf(wanted, (it) => [it.workspace, it.kind, it.id, it.name, it.value, it.createdAt]),
  );
}

function live(steps: readonly Step[]): readonly Step[] {
  return steps.filter(({ change }) => change.deletedAt === null);
}

/** One array per column, as `unnest` takes them. */
function columnsOf<T>(
  rows: readonly T[],
  valuesOf: (row: T) => readonly (string | number | null)[],
): Param[] {
  const all = rows.map(valuesOf);
  return (all[0] ?? []).map((_, column) => all.map((values) => values[column] ?? null));
}
