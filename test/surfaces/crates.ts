import { z } from "zod";
import { Failure } from "../../src/kernel/failure.ts";
import type { Context } from "../../src/registry/context.ts";
import { act, change, read, type Operation } from "../../src/registry/operation.ts";
import { resource, type Row } from "../../src/registry/resource.ts";

/** Operations of every shape a surface must carry, over one kind of record. */
const crate = resource({
  kind: "crate",
  prefix: "cr",
  shape: z.object({
    label: z.string(),
    note: z.string().nullable(),
    weight: z.number(),
    fragile: z.boolean(),
  }),
  secrets: ["seal"],
  keys: ({ label }) => ({ label }),
});

const View = crate.shape.extend({ id: z.string(), version: z.int(), untrusted: z.json().optional() });
const crateId = z.string().min(1).max(100).describe("The crate's id.");

function view({ id, version, value }: Row<typeof crate.shape>): z.output<typeof View> {
  return { id, version, ...value };
}

async function found({ unit }: Context, id: string): Promise<Row<typeof crate.shape>> {
  const row = await unit.get(crate, id);
  if (row !== undefined) return row;
  throw new Failure("not_found", "No such crate.", { pointer: "/crateId", hint: "list_crates shows them." });
}

export const createCrate = change({
  name: "create_crate",
  title: "Create a crate",
  does: "Packs a crate.",
  verb: "POST",
  path: "/crates",
  scope: "crates:write",
  destructive: false,
  undoNone: null,
  input: z.object({
    label: z.string().trim().min(1).max(40).describe("What is written on it; unique."),
    note: z.string().max(500).nullable().default(null),
    weight: z.number().min(0).max(1_000).default(1).describe("Kilograms."),
    fragile: z.boolean().default(false),
    tags: z.array(z.string().max(40)).max(5).default([]),
    codes: z.array(z.int()).max(5).default([]),
    contents: z.json().optional().describe("Anything at all."),
    lining: z.enum(["straw", "foam"]).nullable().default(null),
    seal: z.string().max(100).optional().meta({ secret: true }).describe("Opens the crate."),
  }),
  output: View.extend({ tags: z.array(z.string()), codes: z.array(z.int()) }),
  async run({ label, note, weight, fragile, tags, codes, contents }, { unit }) {
    if ((await unit.byKey(crate, "label", label)) !== undefined)
      throw new Failure("conflict", "This label is taken.", { pointer: "/label" });
    const row = unit.create(crate, { label, note, weight, fragile });
    return { ...view(row), tags, codes, ...(contents !== undefined && { untrusted: contents }) };
  },
});

export const listCrates = read({
  name: "list_crates",
  title: "List crates",
  does: "Lists crates, newest first.",
  verb: "GET",
  path: "/crates",
  scope: "crates:read",
  input: z.object({
    limit: z.int().min(1).max(50).default(20).describe("How many."),
    labels: z.array(z.string()).max(10).default([]),
    weights: z.array(z.number()).max(10).default([]),
    fragile: z.boolean().optional(),
    order: z.enum(["newest", "oldest"]).default("newest"),
    near: z.object({ x: z.number(), y: z.number() }).optional(),
  }),
  output: z.object({ crates: z.array(View), asked: z.json() }),
  async run(asked, { unit }) {
    const rows = await unit.find(crate, { limit: asked.limit });
    return {
      crates: rows.map(view),
      asked: { ...asked, fragile: asked.fragile ?? null, near: asked.near ?? null },
    };
  },
});

export const countCrates = read({
  name: "count_crates",
  title: "Count crates",
  does: "Counts crates.",
  verb: "GET",
  path: "/crates/count",
  scope: "crates:read",
  input: z.object({}),
  output: z.object({ count: z.int() }),
  run: async (_input, { unit }) => ({ count: await unit.count(crate) }),
});

export const getCrate = read({
  name: "get_crate",
  title: "Get a crate",
  does: "Shows one crate.",
  verb: "GET",
  path: "/crates/:crateId",
  scope: "crates:read",
  input: z.object({ crateId }),
  output: View,
  run: async (input, context) => view(await found(context, input.crateId)),
});

export const updateCrate = change({
  name: "update_crate",
  title: "Update a crate",
  does: "Changes a crate. Fields left out stay as they are.",
  verb: "PATCH",
  path: "/crates/:crateId",
  scope: "crates:write",
  destructive: false,
  undoNone: null,
  input: z.object({
    crateId,
    expectedVersion: z.int().optional(),
    note: z.string().nullable().optional(),
    weight: z.number().optional(),
  }),
  output: View,
  async run(input, context) {
    const row = await found(context, input.crateId);
    if (input.expectedVersion !== undefined && input.expectedVersion !== row.version)
      throw new Failure("conflict", `The crate is at version ${row.version}.`, {
        pointer: "/expectedVersion",
      });
    const { note = row.value.note, weight = row.value.weight } = input;
    return view(context.unit.update(crate, row, { ...row.value, note, weight }));
  },
});

export const deleteCrate = change({
  name: "delete_crate",
  title: "Delete a crate",
  does: "Removes a crate.",
  verb: "DELETE",
  path: "/crates/:crateId",
  scope: "crates:write",
  destructive: true,
  undoNone: null,
  input: z.object({ crateId, reason: z.string().max(100).optional() }),
  output: z.object({ removed: z.string() }),
  async run(input, context) {
    context.unit.remove(crate, await found(context, input.crateId));
    return { removed: input.crateId };
  },
});

export const shipCrate = act({
  name: "ship_crate",
  title: "Ship a crate",
  does: "Sends a crate to an address.",
  verb: "POST",
  path: "/crates/:crateId/ship",
  scope: "crates:ship",
  destructive: false,
  input: z.object({ crateId, to: z.url() }),
  output: z.object({ to: z.string(), status: z.int().nullable() }),
  async plan(input, context) {
    await found(context, input.crateId);
    return input.to;
  },
  preview: (to) => ({ to, status: null }),
  async perform(to, { outbound }) {
    const outcome = await outbound.send({
      method: "POST",
      url: to,
      headers: [],
      body: null,
      timeoutMs: 10_000,
      readMax: 100,
    });
    return { to, status: outcome.kind === "answered" ? outcome.status : null };
  },
});

export const showSeal = read({
  name: "show_seal",
  title: "Show a seal",
  does: "Shows a secret.",
  verb: "GET",
  path: "/seal",
  scope: "crates:read",
  reach: "people",
  input: z.object({}),
  output: z.object({ seal: z.string() }),
  run: async () => ({ seal: "fake-seal" }),
});

export const dropCrate = read({
  name: "drop_crate",
  title: "Drop a crate",
  does: "Has a bug.",
  verb: "GET",
  path: "/drop",
  scope: "crates:read",
  input: z.object({}),
  output: z.object({}),
  run: () => Promise.reject(new Error("the inner reason")),
});

export const crateOperations: readonly Operation[] = [
  createCrate,
  getCrate,
  listCrates,
  countCrates,
  updateCrate,
  deleteCrate,
  shipCrate,
  showSeal,
  dropCrate,
];
