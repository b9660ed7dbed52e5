import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import { cursorOf } from "../src/kernel/page.ts";
import { createApiKey } from "../src/planes/account/operations/create-api-key.ts";
import { planes } from "../src/planes/planes.ts";
import { waitForWebhook } from "../src/planes/webhooks/operations/wait-for-webhook.ts";
import { replayWebhooks } from "../src/planes/webhooks/operations/replay-webhooks.ts";
import { fieldsOf, pathParameters, type Field } from "../src/registry/field.ts";
import type { Output } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";
import { openRunningWorld, type RunningWorld } from "./running-world.ts";
import { surfaces } from "./surface-calls.ts";
import { principalOf } from "./world.ts";

/** The same inputs each time unless FUZZ_SEED names another seed. */
const seed = Number(process.env["FUZZ_SEED"] ?? 1);
const numRuns = 500;

/** What exists in the world, by the field that names it: so that the operation itself is reached and not its checks alone. */
type Known = Readonly<Record<string, readonly unknown[]>>;

async function known(it: Operation, world: RunningWorld, workspace: string): Promise<Known> {
  const orders = await world.endpointIn(workspace, { maxAttempts: 1 });
  const secured = await world.endpointIn(workspace, { name: "secured", provider: "meta" });
  world.target.answer((request) => ({ status: request.body.length % 2 === 0 ? 200 : 500 }));
  const events = [];
  for (const body of ["even", "odd"]) events.push((await world.arrive(orders, { body })).id);
  for (const id of events) await world.endingOf(workspace, id);
  await world.arrive(secured);
  const { planId } = await world.call(workspace, replayWebhooks, { endpointId: orders.id, status: "all" });
  const { id: keyId } = await world.call(workspace, createApiKey, { name: "fuzzed" });
  const changes = (await world.engines.store.audit.list(workspace, { limit: 10 })).map(({ id }) => id);
  const startedAt = world.clock.now();
  return {
    endpointId: [orders.id, orders.slug, secured.id, secured.slug],
    logId: [...events, 1, "#2", "3"],
    logIds: [events, [1, "#2"]],
    planId: [planId],
    keyId: [keyId],
    workspaceId: [workspace],
    targetUrl: [world.target.url, "https://example.com/hooks"],
    provider: ["stripe", "custom", null],
    name: ["orders", "Ünïcode ✓"],
    since: [new Date(startedAt - 3_600_000).toISOString()],
    until: [new Date(startedAt + 1).toISOString(), "received", "ended"],
    cursor: [cursorOf({ startedAt, id: events[0] }), cursorOf({ createdAt: startedAt, id: orders.id })],
    position: [0, 1],
    timeoutSeconds: it === waitForWebhook ? [0] : [0, 5],
    changeId: changes,
    environment: ["production", "staging"],
    bucket: ["default"],
    slug: ["my-orders"],
    maxAttempts: [1, 12],
    bodyBytesMax: [1_024],
    eventType: ["order.created"],
    operation: ["create_endpoint"],
    subject: [orders.id],
    actor: ["key_test"],
    plan: [{ endpointsMax: 1_000 }],
    payload: [{ a: [1, null] }],
    secret: ["fake-secret"],
    limit: [1, 50],
    page: [1, 20],
    status: ["failed", "pending", "all"],
    expectedVersion: [1, 2],
    verification: [{ eventType: { pointer: "/type" } }],
  };
}

const deep = (levels: number): unknown => (levels === 0 ? 0 : [deep(levels - 1)]);

/** What has broken servers before. */
const nasty: readonly unknown[] = [
  "",
  " ",
  "\u0000",
  "\ud800",
  "__proto__",
  "constructor",
  "a".repeat(5_000),
  "é".repeat(60),
  "' or 1=1 --",
  "${API_KEY}",
  "../../etc/passwd",
  "%00%ff",
  "ex_00000000000000000000000000000000",
  "ex_zz",
  "ep_",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59-23:59",
  "2026-01-01T00:00Z",
  "2026-01-01T00:00:00.123456789123456789Z",
  "http://127.0.0.1:1/",
  "http://[::1]/",
  "https://user:fake@example.com/",
  "javascript:alert(1)",
  "https://example.com:99999/",
  cursorOf({ startedAt: 2 ** 53, id: "ex_0" }),
  cursorOf({ startedAt: Number.MAX_SAFE_INTEGER, id: "ex_ffffffffffffffffffffffffffffffff" }),
  cursorOf({ startedAt: -1, id: "\ud800" }),
  cursorOf({ createdAt: 1e21, id: "\u0000" }),
  cursorOf({ createdAt: -Number.MAX_SAFE_INTEGER, id: "" }),
  cursorOf(deep(50)),
  cursorOf(null),
  -1,
  0,
  0.5,
  -0,
  1e308,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  null,
  true,
  [],
  {},
  [[]],
  [null],
  ["a", 1, {}],
  { a: 1 },
  { ["__proto__"]: { polluted: true } },
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}'),
  deep(100),
];

/** Mostly right inputs, with up to two fields that are not, and now and then one that there is not. */
function inputs(it: Operation, values: Known): fc.Arbitrary<Output> {
  const fields = fieldsOf(it);
  const base = fc.record(Object.fromEntries(fields.map((field) => [field.name, right(field, values)])));
  const wrong = fc.array(fc.oneof(...fields.map(wrongly), fc.tuple(fc.string(), fc.constantFrom(...nasty))), {
    maxLength: 2,
  });
  return fc.tuple(base, wrong).map(([input, changes]) => {
    const members = Object.entries({ ...input, ...Object.fromEntries(changes) });
    return Object.fromEntries(members.filter(([, value]) => value !== absent));
  });
}

const absent = Symbol("absent");

function right({ name, takes, allowed, required }: Field, values: Known): fc.Arbitrary<unknown> {
  const some = [...(values[name] ?? allowed), ...(takes.has("boolean") ? [true, false] : [])];
  if (some.length === 0) return required ? shaped(takes) : fc.constant(absent);
  const present = fc.constantFrom(...some);
  if (required || neverAbsent.has(name)) return present;
  const presence = rarelyPresent.has(name) ? 1 : 5;
  return fc.oneof({ weight: presence, arbitrary: present }, { weight: 5, arbitrary: fc.constant(absent) });
}

/** What takes long unless it is told not to. */
const neverAbsent: ReadonlySet<string> = new Set(["timeoutSeconds"]);
/** What keeps the operation from being carried out, or from being reached. */
const rarelyPresent: ReadonlySet<string> = new Set(["dryRun", "workspaceId", "cancel", "expectedVersion"]);

function wrongly({ name, takes }: Field): fc.Arbitrary<[string, unknown]> {
  const value = neverAbsent.has(name)
    ? fc.constantFrom(...nasty)
    : fc.oneof(fc.constantFrom(...nasty), shaped(takes));
  return value.map((it) => [name, it]);
}

function shaped(takes: Field["takes"]): fc.Arbitrary<unknown> {
  const kinds = [
    ...(takes.has("string") ? [fc.string({ unit: "binary", maxLength: 120 })] : []),
    ...(takes.has("number") ? [fc.integer(), fc.double()] : []),
    ...(takes.has("boolean") ? [fc.boolean()] : []),
    ...(takes.has("null") ? [fc.constant(null)] : []),
    ...(takes.has("array") ? [fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 })] : []),
    ...(takes.has("object") ? [fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))] : []),
  ];
  return kinds.length === 0 ? fc.jsonValue() : fc.oneof(...kinds);
}

/** What stands in the path must be text, or it is another path. */
function addressable(it: Operation, input: Output): Output {
  const parts = pathParameters(it.path).map((name): [string, unknown] => {
    const given = input[name] ?? "";
    const text = typeof given === "string" ? given : JSON.stringify(given);
    return [name, text.isWellFormed() && !/^\.{0,2}$/.test(text) && text !== "" ? text : "x"];
  });
  return { ...input, ...Object.fromEntries(parts) };
}

async function fuzz(it: Operation, surface: "rest" | "mcp", t: TestContext): Promise<void> {
  t.diagnostic(`FUZZ_SEED=${seed}, ${numRuns} inputs`);
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const values = await known(it, world, workspace);
    const reach = { it, engines: world.engines, principal: principalOf(workspace, "all") };
    let succeeded = 0;
    const property = fc.asyncProperty(inputs(it, values), async (input) => {
      const asked = surface === "rest" ? addressable(it, input) : input;
      const outcome = await surfaces[surface](reach, asked);
      if ("gives" in outcome) succeeded++;
    });
    await world.whileTimePasses(fc.assert(property, { numRuns, seed }));
    assert.deepEqual(world.log, []);
    assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
    t.diagnostic(`${succeeded} were carried out`);
    assert.ok(succeeded > 0, "not one of the inputs got past the checks");
  } finally {
    await world.close();
  }
}

describe("whatever it is given, an operation answers or says what is wrong", () => {
  for (const it of planes.flatMap(({ operations }): readonly Operation[] => operations)) {
    test(`${it.name} over REST`, (t) => fuzz(it, "rest", t));
    if (it.reach === "everywhere") test(`${it.name} over MCP`, (t) => fuzz(it, "mcp", t));
  }
});
