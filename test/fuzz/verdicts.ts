import assert from "node:assert/strict";
import type { Output } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import type { RunningWorld } from "../running-world.ts";
import { surfaces, type Outcome, type Reach, type Refusal, type SurfaceName } from "../surface-calls.ts";
import { serverScope } from "../../src/registry/workspace.ts";
import { principalFor } from "../world.ts";
import { carried } from "./inputs.ts";
import { pointsSomewhere } from "./pointers.ts";

/** Where an operation is judged: one that is still, so that whatever is written is the operation's doing. */
export type Court = {
  readonly it: Operation;
  readonly world: RunningWorld;
  /** Where what is written is found. */
  readonly workspace: string;
  readonly reach: Reach;
};

export function courtOf(it: Operation, world: RunningWorld, workspace: string): Court {
  const reach = { it, engines: world.engines, principal: principalFor(it, workspace, "all") };
  return { it, world, workspace: it.of === "person" ? serverScope : workspace, reach };
}

/**
 * Asks one thing of an operation, over every surface it has: as a read, or as a dry run of a write. The verdict is the
 * same over each, refusals are well-formed, and nothing is written. A write is then carried out over one of them: what
 * was refused in the rehearsal is refused in the same words and leaves every table as it was; what was done is one
 * audit row whose changes are what the records say. Answers what came of it.
 */
export async function judge(court: Court, asked: Output, surface: SurfaceName): Promise<Outcome> {
  const { it, world, reach } = court;
  const { input, exact } = carried(it, asked);
  await still(world);
  const was = world.fingerprint();
  const rehearsed = await rehearse(court, it.effect === "read" ? asked : { ...asked, dryRun: true });
  await still(world);
  assert.equal(world.fingerprint(), was, "a read or a dry run writes nothing");
  if (it.effect === "read") return rehearsed;

  const audited = await newestAudits(court, 1);
  const done = await world.whileTimePasses(surfaces[surface](reach, input));
  if ("fails" in done) {
    if (exact && input["dryRun"] === undefined)
      assert.deepEqual(done, rehearsed, "a dry run is refused as the call is");
    await still(world);
    assert.equal(world.fingerprint(), was, `refused as ${done.fails.kind}, and yet something was written`);
  } else if (done.gives["dryRun"] === true) {
    assert.equal(world.fingerprint(), was, "a dry run writes nothing");
  } else {
    if (input["dryRun"] === undefined)
      assert.ok("gives" in rehearsed, `the dry run was refused: ${said(rehearsed)}`);
    await assertAgreement(court, audited[0]?.id);
  }
  return done;
}

/** Resolves once no message and no job is on its way. */
async function still(world: RunningWorld): Promise<void> {
  const { store } = world.engines;
  while ((await store.outbox.pending(1)).length > 0) await new Promise(setImmediate);
  await world.idle();
}

async function rehearse(court: Court, asked: Output): Promise<Outcome> {
  const { it, reach } = court;
  const { input, exact } = carried(it, asked);
  const names = surfacesOf(it);
  const outcomes: Outcome[] = [];
  for (const name of names) outcomes.push(await surfaces[name](reach, input));
  const [first] = outcomes;
  assert.ok(first, "it is reached over something");
  for (const [n, outcome] of outcomes.entries()) {
    if ("fails" in outcome) assertWellFormed(it, outcome.fails, input);
    if (!exact) assert.equal("fails" in outcome && outcome.fails.kind, "invalid");
    else if (it.effect === "read" || "fails" in first)
      assert.deepEqual(outcome, first, `${names[n]} says otherwise than ${names[0]}`);
    else assert.ok("gives" in outcome, `${names[n]} refuses what ${names[0]} does: ${said(outcome)}`);
  }
  return first;
}

/** What people alone may do they alone may undo, so that over MCP these say otherwise of it; their own tests have that. */
const saysWhoMayUndo: ReadonlySet<string> = new Set(["list_changes", "undo_change"]);

/** The surfaces that hand the input on as it is; the command line speaks REST. */
export function surfacesOf({ name, reach }: Operation): readonly SurfaceName[] {
  return reach === "people" || saysWhoMayUndo.has(name) ? ["direct", "rest"] : ["direct", "rest", "mcp"];
}

function assertWellFormed(it: Operation, { kind, pointer, message }: Refusal, input: Output): void {
  if (kind === "invalid") assert.ok(pointer !== undefined, `where it is wrong: ${message}`);
  if (pointer !== undefined)
    assert.ok(pointsSomewhere(pointer, it, input), `${pointer} is no place: ${message}`);
}

function newestAudits({ world, workspace }: Court, limit: number) {
  return world.engines.store.audit.list(workspace, { limit });
}

/** Audit, history and records say the same of the one change that was made since the audit row `earlier`. */
async function assertAgreement(court: Court, earlier: string | undefined): Promise<void> {
  const { it, world, workspace } = court;
  const { audit, records } = world.engines.store;
  const [row, before] = await newestAudits(court, 2);
  assert.ok(row, "it is audited");
  assert.deepEqual([row.operation, before?.id], [it.name, earlier], "one audit row, and it is this one's");
  const changes = await audit.changes(workspace, row.id);
  assert.deepEqual(
    changes.map(({ id }) => id).toSorted(),
    row.subjects.toSorted(),
    "the audit names what was changed",
  );
  for (const change of changes) {
    const { kind, id } = change;
    const record = await records.get(workspace, kind, id, "deleted too");
    assert.ok(record, "what history has is there");
    assert.equal(record.version, change.version);
    assert.deepEqual(record.deletedAt === null ? record.value : null, change.after?.value ?? null);
    const [newest, previous] = await records.history(workspace, kind, id, 2);
    assert.deepEqual(newest, change);
    assert.equal(change.version, (previous?.version ?? 0) + 1);
    assert.deepEqual(change.before, previous?.after ?? null);
  }
}

function said(outcome: Outcome): string {
  return JSON.stringify(outcome).slice(0, 500);
}
