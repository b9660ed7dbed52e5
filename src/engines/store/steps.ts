import { Failure } from "../../kernel/failure.ts";
import type { Version } from "./records.ts";
import { jsonObject, jsonTexts } from "./row.ts";
import { commitRecordsMax, type Commit, type Hold, type RecordChange } from "./store.ts";

/** One change of a record: what it was decided on, and what it makes of it, as it will be stored. */
export type Step = {
  readonly change: RecordChange;
  readonly before: Version | undefined;
  readonly after: Version;
};

/** What the database has of the record that a change names. */
export type Known = {
  readonly before: Version | undefined;
  /** The workspace's history knows the id. */
  readonly remembered: boolean;
};

/** @throws Failure conflict when the record is not what the change was decided on */
export function stepOf({ workspace, at }: Commit, change: RecordChange, { before, remembered }: Known): Step {
  refuseStale(workspace, change, before);
  if (before === undefined && remembered) throw idTaken(change);
  const { kind, id, expected, deletedAt } = change;
  const record = {
    workspace,
    kind,
    id,
    version: expected + 1,
    createdAt: before?.record.createdAt ?? at,
    updatedAt: at,
    deletedAt,
    value: jsonObject.parse(JSON.stringify(change.value)),
    secrets: jsonTexts.parse(JSON.stringify(change.secrets)),
  };
  return { change, before, after: { record, fingerprints: fingerprintsAfter(change, before) } };
}

/** Of the secrets there are after the change: what it says of them, or what was known before. */
function fingerprintsAfter(change: RecordChange, before: Version | undefined): Version["fingerprints"] {
  const known = { ...before?.fingerprints, ...change.fingerprints };
  return Object.fromEntries(Object.entries(known).filter(([name]) => Object.hasOwn(change.secrets, name)));
}

/** @throws Error when a commit names a record twice, or more records than one may */
export function refuseRepeats(changes: readonly RecordChange[]): void {
  if (changes.length > commitRecordsMax)
    throw new RangeError(`A commit changes at most ${commitRecordsMax} records.`);
  const seen = new Set<string>();
  for (const { kind, id } of changes) {
    const name = `${kind} ${id}`;
    if (seen.has(name)) throw new Error(`A commit names ${name} twice.`);
    seen.add(name);
  }
}

/** @throws Failure conflict when a record is not what a change was decided on */
export function refuseStale(workspace: string, hold: Hold, before: Version | undefined): void {
  const { kind, id, expected } = hold;
  if (expected === 0) {
    if (before === undefined) return;
    throw idTaken(hold);
  }
  const hint = "Read it again and decide on what it is now.";
  if (before === undefined || before.record.workspace !== workspace) {
    throw new Failure("conflict", `The ${kind} ${id} does not exist.`, { hint });
  }
  const { version } = before.record;
  if (version === expected) return;
  const message = `The ${kind} ${id} was changed meanwhile: it is at version ${version}, not ${expected}.`;
  throw new Failure("conflict", message, { hint });
}

function idTaken({ kind, id }: Hold): Failure {
  const hint = "Use another id, or undo the deletion if it was deleted.";
  return new Failure("conflict", `The id ${id} of a new ${kind} is taken.`, { pointer: "/id", hint });
}

/** The value stays out of it: a global key may be a credential's hash, or another workspace's. */
export function keyTaken(kind: string, name: string): Failure {
  return new Failure("conflict", `This ${name} is taken by another ${kind}.`, {
    pointer: `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    hint: `Choose another ${name}.`,
  });
}

/** @throws Failure conflict when there are more records than the commit allows */
export function refuseOver({ kind, max }: NonNullable<Commit["limits"]>[number], live: number): void {
  if (live <= max) return;
  throw new Failure("conflict", `There would be more than ${max} of ${kind}.`, {
    hint: "Others were created meanwhile: read how many there are now.",
  });
}
