import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { planes } from "../../src/planes/planes.ts";
import type { Engines } from "../../src/registry/engines.ts";
import type { Output } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { openRunningWorld, type RunningWorld } from "../running-world.ts";
import { surfaces, type Reach, type SurfaceName } from "../surface-calls.ts";
import { principalFor } from "../world.ts";
import { arrivals, type Arrival } from "./arrivals.ts";
import { fuzz } from "./fuzzing.ts";
import { carried, inputsOf } from "./inputs.ts";
import { assertInvariants } from "./invariants.ts";
import type { Known } from "./known.ts";
import { openSenders, type Senders } from "./senders.ts";
import { surfacesOf } from "./verdicts.ts";

const sequences = 12;
const commandsMax = 40;

/** How many writes were answered as done, of how many steps; the rest of what should be the senders know. */
type Model = { written: number; steps: number };
type Real = {
  readonly world: RunningWorld;
  readonly workspace: string;
  readonly senders: Senders;
  /** What operations answered of ids, by the field that takes them: later calls use them. */
  readonly found: Map<string, unknown[]>;
};
type Step = fc.AsyncCommand<Model, Real>;

function step(name: string, run: (real: Real, model: Model) => Promise<void>): Step {
  return {
    check: () => true,
    run: (model, real) => run(real, model).finally(() => model.steps++),
    toString: () => name,
  };
}

function arrive(arrival: Arrival): Step {
  return step(`${arrival.method} to ${arrival.door}`, ({ senders }) => senders.send(arrival));
}

function ask(it: Operation, asked: Output, surface: SurfaceName, pick: number): Step {
  return step(`${it.name} ${JSON.stringify(asked).slice(0, 300)} over ${surface}`, async (real, model) => {
    const { world, workspace, found } = real;
    const remembered = Object.keys(it.input.shape).flatMap((name) => {
      const values = found.get(name) ?? [];
      // Often the newest: what was just made or changed.
      const value = values.at(-1 - (pick % (values.length + 1)));
      return value === undefined ? [] : [[name, value] as const];
    });
    const input = carried(it, { ...asked, ...Object.fromEntries(remembered) }).input;
    const reach: Reach = { it, engines: world.engines, principal: principalFor(it, workspace, "all") };
    const outcome = await world.whileTimePasses(surfaces[surface](reach, input));
    if (!("gives" in outcome)) return;
    // What is of a person is written down outside of the workspace.
    const inWorkspace = it.effect !== "read" && it.of === "workspace";
    if (inWorkspace && outcome.gives["dryRun"] !== true) model.written++;
    for (const name of ["changeId", "planId"])
      if (typeof outcome.gives[name] === "string")
        found.set(name, [...(found.get(name) ?? []), outcome.gives[name]]);
    const [newest] = await world.engines.store.audit.list(workspace, { limit: 1 });
    if (newest !== undefined) found.set("changeId", [...(found.get("changeId") ?? []), newest.id]);
  });
}

function passTime(ms: number): Step {
  return step(`${ms} ms pass`, async ({ world }) => {
    world.moveOn(ms);
    await world.releaseQuota();
  });
}

function targetAnswers(status: number): Step {
  return step(`the target answers ${status}`, async ({ world }) => world.target.answer(() => ({ status })));
}

const operations = planes.flatMap((plane): readonly Operation[] => plane.operations);

/** Every operation there is, with inputs from its own schema, among traffic and time. */
function everyStep(known: Known) {
  const asks = operations.map((it) =>
    fc
      .tuple(inputsOf(it, known), fc.constantFrom(...surfacesOf(it)), fc.nat(7))
      .map(([input, surface, pick]) => ask(it, input, surface, pick)),
  );
  return [
    ...asks,
    ...Array.from({ length: 10 }, () => arrivals.map(arrive)),
    fc.constantFrom(0, 1_000, 60_000, 1_800_000).map(passTime),
    fc.constantFrom(200, 200, 404, 410, 429, 500).map(targetAnswers),
  ];
}

/** Names outside lead nowhere: what goes there is unreachable, as it is without a network. */
function withoutNetwork(engines: Engines): Engines {
  const { outbound, clock } = engines;
  const send: typeof outbound.send = async (request) => {
    if (new URL(request.url).hostname === "127.0.0.1") return outbound.send(request);
    const timing = { startedAt: clock.now(), totalMs: 1, firstByteMs: null, address: null };
    return { kind: "unreachable", reason: "dns", message: "The name is not known.", timing };
  };
  return { ...engines, outbound: { ...outbound, send } };
}

test("whatever is done in whatever order, versions, keys, numbers, endings and the account are right", (t) =>
  fuzz(t, async (seed) => {
    const world = await openRunningWorld(withoutNetwork);
    try {
      let steps = 0;
      const known = {
        endpointId: ["plain", "signed", "shaking", "small", "paused"],
        logId: ["#1", 2, "3"],
        targetUrl: [world.target.url],
        provider: ["github", "custom", null],
        expectedVersion: [1, 2],
      };
      const property = fc.asyncProperty(
        fc.commands(everyStep(known), { maxCommands: commandsMax, size: "max" }),
        async (commands) => {
          const workspace = await world.newWorkspace();
          const senders = await openSenders(world, workspace);
          const before = (await world.engines.store.audit.list(workspace, { limit: 1_000 })).length;
          const model: Model = { written: 0, steps: 0 };
          const found = new Map<string, unknown[]>();
          await fc.asyncModelRun(() => ({ model, real: { world, workspace, senders, found } }), commands);
          steps += model.steps;
          await world.idle();
          await senders.compare();
          await assertInvariants(world, workspace);
          const audited = (await world.engines.store.audit.list(workspace, { limit: 1_000 })).filter(
            ({ actor }) => actor.kind !== "system",
          );
          assert.equal(audited.length - before, model.written, "every write is audited, and nothing else");
        },
      );
      await fc.assert(property, { seed, numRuns: sequences });
      assert.deepEqual(world.log, []);
      return steps;
    } finally {
      await world.close();
    }
  }));
