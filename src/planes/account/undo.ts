import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { deletedDays, type Audit, type Change } from "../../engines/store/store.ts";
import { Failure } from "../../kernel/failure.ts";
import { heldScopes, may } from "../../kernel/principal.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { Context } from "../../registry/context.ts";
import type { Resource, Row } from "../../registry/resource.ts";
import { decodedRow, type Earlier } from "../../registry/unit.ts";

/** How the changes of undo_change itself are known. */
const undoName = "undo_change";

/** One record, and what it goes back to. */
export type Revert = {
  readonly resource: Resource;
  readonly row: Row;
  readonly to: Earlier<z.ZodObject>;
};

const dayMs = 24 * 3_600_000;
/** How far a record's history is followed; what was changed more often since is not undone. */
const versionsMax = 100;
const undosInARowMax = 50;
const pointer = "/changeId";

/** How each record that a change made goes back, as one set; or why this caller cannot undo it now. */
export async function undoOf(audit: Audit, context: Context): Promise<readonly Revert[] | Failure> {
  const refusal = await refusalOf(audit, context);
  if (refusal !== undefined) return refusal;
  const changes = await context.store.audit.changes(context.workspace, audit.id);
  if (changes.length === 0) return refused("It changed no record.", "There is nothing to undo.");
  const reverts: Revert[] = [];
  for (const change of changes) {
    const revert = await revertOf(change, context);
    if (revert instanceof Failure) return revert;
    reverts.push(revert);
  }
  return (await takenKey(reverts, context)) ?? (await overPlan(reverts, context)) ?? reverts;
}

function refused(message: string, hint: string): Failure {
  return new Failure("conflict", message, { pointer, hint });
}

/** What stands against it whatever the records are like. */
async function refusalOf(audit: Audit, context: Context): Promise<Failure | undefined> {
  const origin = await originOf(audit, context);
  if (origin === undefined)
    return refused("What this change undid is no longer known.", "Set back by hand what you want back.");
  const name = origin.operation;
  const declared = context.catalogue.operations.get(name);
  if (declared === undefined || origin.actor.kind === "system")
    return refused(`${name} was done by the server itself.`, "Set back by hand what you want back.");
  if (declared.effect === "act")
    return refused(
      `${name} cannot be undone: what it did is done.`,
      "Only changes of records can be undone.",
    );
  if (typeof declared.undoNone === "string")
    return refused(`${name} cannot be undone: ${declared.undoNone}.`, "Set back by hand what you want back.");
  const { principal, surface } = context;
  if (!may(principal, declared.scope, context.workspace))
    return new Failure("forbidden", `Undoing ${name} needs its scope ${declared.scope}.`, {
      scope: declared.scope,
      allowed: heldScopes(principal, context.workspace),
      hint: `Use a credential that has ${declared.scope}.`,
    });
  if (declared.reach === "people" && surface === "mcp")
    return new Failure("forbidden", `${name} is for people, and so is undoing it.`, {
      hint: "Undo it over REST or with the command line.",
    });
  return undefined;
}

const OfUndo = z.object({ input: z.object({ changeId: z.string() }) });

/** The change that a row of undone undos began with; undefined when it is over. */
async function originOf(audit: Audit, { store, workspace }: Context): Promise<Audit | undefined> {
  let origin: Audit | undefined = audit;
  for (let n = 0; n < undosInARowMax && origin?.operation === undoName; n++) {
    const { changeId } = OfUndo.parse(origin.detail).input;
    origin = await store.audit.get(workspace, changeId);
  }
  return origin?.operation === undoName ? undefined : origin;
}

async function revertOf(change: Change, context: Context): Promise<Revert | Failure> {
  const { store, workspace, catalogue, now } = context;
  const { kind, id } = change;
  const stored = await store.records.get(workspace, kind, id, "deleted too");
  const resource = catalogue.resources.get(kind);
  if (stored === undefined || resource === undefined) return purged(change);
  const versions = Math.min(stored.version - change.version + 1, versionsMax);
  const since = changeSince(change, await store.records.history(workspace, kind, id, versions));
  if (since !== undefined) return since;
  if (change.after === null && now - change.at > deletedDays * dayMs) return purged(change);
  const to = earlierOf(change, resource);
  return to instanceof Failure ? to : { resource, row: decodedRow(resource, stored), to };
}

function earlierOf(change: Change, resource: Resource): Revert["to"] | Failure {
  const { before, after } = change;
  const version = change.version - 1;
  if (before === null) return { value: null, version };
  if (after !== null && !isDeepStrictEqual(before.fingerprints, after.fingerprints))
    return refused(
      `${nameOf(change)} had another secret, and secrets are not kept in history.`,
      "Store the secret again.",
    );
  const { data } = resource.shape.safeParse(before.value);
  if (data === undefined)
    return refused(
      `${nameOf(change)} had a form that this version no longer has.`,
      "Set back by hand what you want back.",
    );
  return { value: data, version };
}

function nameOf({ kind, id }: Change): string {
  return `The ${kind} ${id}`;
}

function purged(change: Change): Failure {
  return refused(
    `${nameOf(change)} was deleted more than ${deletedDays} days ago and is purged.`,
    "Create a new one; list_changes shows what it was like.",
  );
}

/**
 * Why the record is no longer as the change left it. Changes that were undone since do not count, so that changes can
 * be undone one after the other, newest first.
 */
function changeSince(change: Change, newestFirst: readonly Change[]): Failure | undefined {
  const restores = new Map(newestFirst.map((it) => [it.version, it.restores]));
  const stateAt = (version: number): number => {
    let state = version;
    for (let earlier = restores.get(state); typeof earlier === "number"; earlier = restores.get(state))
      state = earlier;
    return state;
  };
  const [latest] = newestFirst;
  if (latest === undefined || stateAt(latest.version) === stateAt(change.version)) return undefined;
  const by = `${latest.operation}${latest.audit === null ? "" : ` (${latest.audit})`}`;
  const name = nameOf(change);
  if (latest.restores === change.version - 1)
    return refused(`${name} was set back already by ${by}.`, "Undo that change to do this one again.");
  return refused(
    `${name} was changed since by ${by}: it is at version ${latest.version}, not ${change.version}.`,
    "Undo the later changes first, newest first, or set back by hand what you want back.",
  );
}

async function takenKey(reverts: readonly Revert[], { unit }: Context): Promise<Failure | undefined> {
  const own = new Set(reverts.map(({ row }) => row.id));
  for (const { resource, row, to } of reverts) {
    const keys = to.value === null ? {} : resource.keys(to.value);
    for (const [name, value] of Object.entries(keys)) {
      const other = await unit.byKey(resource, name, value);
      if (other !== undefined && !own.has(other.id))
        return refused(
          `The ${name} ${quoted(value)} of the ${resource.kind} ${row.id} was taken meanwhile by ${other.id}.`,
          `Delete ${other.id} first, if it is not needed.`,
        );
    }
  }
  return undefined;
}

async function overPlan(reverts: readonly Revert[], { unit, plan }: Context): Promise<Failure | undefined> {
  for (const [resource, own] of Map.groupBy(reverts, (it) => it.resource)) {
    const back = own.filter(({ row, to }) => row.deletedAt !== null && to.value !== null).length;
    const gone = own.filter(({ row, to }) => row.deletedAt === null && to.value === null).length;
    const most = resource.most(plan);
    if (back <= gone) continue;
    if (most < Infinity) unit.limit(resource, most);
    if ((await unit.count(resource)) + back - gone > most)
      return new Failure("quota_exceeded", `The plan "${plan.name}" allows ${most} of ${resource.kind}.`, {
        pointer,
        hint: "Delete one that is no longer used.",
      });
  }
  return undefined;
}
