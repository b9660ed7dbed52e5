import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { Failure } from "../../src/kernel/failure.ts";
import type { Context } from "../../src/registry/context.ts";
import { change, read, type Operation } from "../../src/registry/operation.ts";
import { openRunningWorld, type RunningWorld } from "../running-world.ts";
import { pointsSomewhere } from "./pointers.ts";
import { courtOf, judge } from "./verdicts.ts";

const declared = {
  name: "err",
  title: "Err",
  does: "Does what no operation may.",
  verb: "POST",
  path: "/err",
  scope: "errors:make",
  input: z.object({ note: z.object({ text: z.string() }).optional() }),
  output: z.object({ text: z.string().optional() }),
} as const;
const changes = { ...declared, destructive: false, undoNone: null } as const;

async function write({ store, workspace, now, principal }: Context): Promise<void> {
  await store.commit({
    workspace,
    at: now,
    actor: principal.actor,
    operation: "err",
    records: [],
    entries: [{ collection: "errors", key: String(now), value: 1, expiresAt: now + 1_000, mustBeNew: false }],
    outbox: [],
    audit: null,
  });
}

function refuse(pointer: string): never {
  throw new Failure("invalid", "This is not to be had.", { pointer });
}

const wrongs: readonly (readonly [what: string, it: Operation, found: RegExp])[] = [
  [
    "a read that writes",
    read({ ...declared, run: async (_input, context) => write(context).then(() => ({})) }),
    /a read or a dry run writes nothing/,
  ],
  [
    "a dry run that writes",
    change({ ...changes, run: async (_input, context) => write(context).then(() => ({})) }),
    /a read or a dry run writes nothing/,
  ],
  [
    "a refusal after the half was written",
    change({
      ...changes,
      async run(_input, context) {
        if (context.dryRun) return refuse("/note/text");
        await write(context);
        return refuse("/note/text");
      },
    }),
    /refused as invalid, and yet something was written/,
  ],
  [
    "a dry run that allows what is then refused",
    change({
      ...changes,
      run: async (_input, { dryRun }) => (dryRun ? {} : refuse("/note")),
    }),
    /a dry run is refused as the call is/,
  ],
  [
    "an answer that depends on the surface",
    read({ ...declared, run: async (_input, { surface }) => ({ text: surface }) }),
    /says otherwise than direct/,
  ],
  ["a pointer to nowhere", read({ ...declared, run: async () => refuse("/notes") }), /\/notes is no place/],
  ["a bug", read({ ...declared, run: () => Promise.reject(new Error("out of order")) }), /out of order/],
];

describe("a judge finds", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  for (const [what, it, found] of wrongs)
    test(what, async () => {
      const court = courtOf(it, world, await world.newWorkspace());
      await assert.rejects(judge(court, {}, "direct"), found);
    });

  test("nothing wrong where nothing is", async () => {
    const it = change({ ...changes, run: async () => ({ text: "well" }) });
    const court = courtOf(it, world, await world.newWorkspace());
    assert.deepEqual(await judge(court, { note: { text: "" } }, "rest"), { gives: { text: "well" } });
    assert.partialDeepStrictEqual(await judge(court, { note: {} }, "mcp"), {
      fails: { kind: "invalid", pointer: "/note/text" },
    });
  });
});

test("a pointer leads into the input, or to what the schema has", () => {
  const it = read({ ...declared, run: async () => ({}) });
  const input = { list: [{ "a/b": 1 }], ["long".repeat(50)]: 1 };
  for (const pointer of ["", "/note", "/note/text", "/list/0/a~1b", "/workspaceId", `/${"long".repeat(25)}`])
    assert.ok(pointsSomewhere(pointer, it, input), pointer);
  for (const pointer of ["/nope", "/note/nope", "/list/1", "/list/0/a/b", "/note/text/x"])
    assert.ok(!pointsSomewhere(pointer, it, input), pointer);
});
