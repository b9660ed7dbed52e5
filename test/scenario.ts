import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { FailureKind } from "../src/kernel/failure.ts";
import type { Scope } from "../src/kernel/principal.ts";
import { planes } from "../src/planes/planes.ts";
import { pathParameters } from "../src/registry/field.ts";
import type { Engines } from "../src/registry/engines.ts";
import { invoke, type Output } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";
import { surfaces, type Reach, type SurfaceName } from "./surface-calls.ts";
import { callerOf, openWorld, principalFor, type Left, type World } from "./world.ts";

/** One call and what comes of it, the same over every surface. */
export type Scenario = {
  readonly name: string;
  readonly scopes: readonly Scope[] | "all";
  /** Prepares the workspace, as one who may do everything; what it answers is handed to `input`. */
  readonly given?: (call: Prepare, place: Place) => Promise<Output>;
  readonly input: Output | ((given: Output) => Output);
  /** The user who calls, in place of a key. */
  readonly by?: (given: Output) => string;
  /** What the answer has among others; values may be left out at every level. */
  readonly gives?: object;
  readonly fails?: { readonly kind: FailureKind; readonly pointer?: string };
  /** Everything that the call leaves behind: {} = nothing changed anywhere. */
  readonly leaves: Left;
};

/** Where it is prepared, for what no operation makes. */
export type Place = { readonly engines: Engines; readonly workspace: string };

export type Prepare = (it: Operation, input: object) => Promise<Output>;

/** Registers every scenario over every surface: parity is a property of the suite, not of discipline. */
export function scenarios(it: Operation, list: readonly Scenario[]): void {
  inWorld(it.name, (world) => {
    for (const scenario of [...(it.of === "person" ? [] : [scopeNeeded(it)]), ...list])
      for (const surface of reachedBy(it))
        test(`${it.name} over ${surface}: ${scenario.name}`, () =>
          runScenario({ it, scenario, surface, world: world() }));
    if (it.reach === "people")
      test(`${it.name} over mcp: is not offered`, async () => {
        const workspace = await world().newWorkspace();
        world().mark();
        const outcome = await surfaces.mcp(reachOf(it, world(), workspace, "all"), {});
        assert.equal("fails" in outcome && outcome.fails.kind, "invalid");
        assert.deepEqual(world().leftBehind(), {});
      });
  });
}

const everyScope = new Set(planes.flatMap(({ operations }) => operations.map(({ scope }) => scope)));

/** What holds of every operation: its own scope is needed, before its input is looked at, and no other will do. */
export function scopeNeeded({ path, scope }: Operation) {
  return {
    name: "its own scope is needed",
    scopes: [...everyScope].filter((other) => other !== scope),
    input: Object.fromEntries(pathParameters(path).map((name) => [name, "any"])),
    fails: { kind: "forbidden" },
    leaves: {},
  } as const;
}

export type Run = {
  readonly it: Operation;
  readonly scenario: Scenario;
  readonly surface: SurfaceName;
  readonly world: World;
};

/** Runs one scenario over one surface in a workspace of its own; throws an AssertionError when it comes out otherwise. */
export async function runScenario({ it, scenario, surface, world }: Run): Promise<void> {
  const workspace = await world.newWorkspace();
  const given = await prepared(world, workspace, scenario.given);
  const input = typeof scenario.input === "function" ? scenario.input(given) : scenario.input;
  world.mark();
  const reach = reachOf(it, world, workspace, scenario.scopes);
  const outcome = await surfaces[surface](
    scenario.by === undefined ? reach : as(reach, scenario.by(given)),
    input,
  );
  const left = world.leftBehind();
  if (scenario.fails === undefined) {
    assert.ok("gives" in outcome, `it fails: ${JSON.stringify(outcome)}`);
    assert.partialDeepStrictEqual(outcome.gives, scenario.gives ?? {});
  } else {
    assert.ok("fails" in outcome, `it succeeds: ${JSON.stringify(outcome)}`);
    assert.partialDeepStrictEqual(outcome.fails, scenario.fails);
  }
  assert.deepEqual(left, scenario.leaves);
}

export type Rehearsal = Pick<Scenario, "given" | "input" | "by">;

/**
 * Registers that a dry run of a write answers as one, leaves nothing behind and opens no socket, over every surface;
 * and that the same call without `dryRun` does leave something, so that the first is no accident.
 */
export function dryRunLeavesNothing(it: Operation, { given, input, by }: Rehearsal): void {
  assert.notEqual(it.effect, "read", `${it.name} writes nothing anyway`);
  inWorld(`${it.name} dry run`, (world) => {
    for (const surface of reachedBy(it))
      test(`${it.name} over ${surface}: a dry run leaves nothing behind and opens no socket`, async () => {
        const { newWorkspace, mark, leftBehind, sends } = world();
        const workspace = await newWorkspace();
        const made = await prepared(world(), workspace, given);
        const asked = typeof input === "function" ? input(made) : input;
        const anybody = reachOf(it, world(), workspace, "all");
        const reach = by === undefined ? anybody : as(anybody, by(made));
        const sent = sends.length;
        mark();
        const rehearsed = await surfaces[surface](reach, { ...asked, dryRun: true });
        assert.ok("gives" in rehearsed, `it fails: ${JSON.stringify(rehearsed)}`);
        assert.equal(rehearsed.gives["dryRun"], true);
        assert.deepEqual(leftBehind(), {});
        assert.equal(sends.length, sent);
        const real = await surfaces[surface](reach, asked);
        assert.ok("gives" in real, `it fails: ${JSON.stringify(real)}`);
        assert.equal("dryRun" in real.gives, false);
        assert.notDeepEqual(leftBehind(), {});
      });
  });
}

function inWorld(name: string, register: (world: () => World) => void): void {
  describe(name, () => {
    let world: World | undefined;
    before(async () => {
      world = await openWorld();
    });
    after(() => world?.close());
    register(() => {
      assert.ok(world, "the world is opened before the first test");
      return world;
    });
  });
}

function reachedBy({ reach }: Operation): readonly SurfaceName[] {
  return reach === "people" ? ["direct", "rest", "cli"] : ["direct", "rest", "cli", "mcp"];
}

function reachOf(it: Operation, { engines }: World, workspace: string, scopes: Scenario["scopes"]): Reach {
  return { it, engines, principal: principalFor(it, workspace, scopes) };
}

/** The same call by a user who is signed in. */
function as(reach: Reach, id: string): Reach {
  const { principal } = reach;
  const own = { actor: { kind: "user", id }, credential: { kind: "session", id: "ses_test" } } as const;
  return { ...reach, principal: { ...principal, ...own } };
}

async function prepared(world: World, workspace: string, given: Scenario["given"]): Promise<Output> {
  const place = { engines: world.engines, workspace };
  return (await given?.(preparing(world, workspace), place)) ?? {};
}

function preparing({ engines }: World, workspace: string): Prepare {
  return (it, input) => invoke(it, input, callerOf(principalFor(it, workspace, "all")), engines);
}
