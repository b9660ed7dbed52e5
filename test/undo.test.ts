// What undo promises of every operation: run it, undo it, and the configuration is what it was.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import type { Failure } from "../src/kernel/failure.ts";
import { Secret } from "../src/kernel/secret.ts";
import { createApiKey } from "../src/planes/account/operations/create-api-key.ts";
import { createBucket } from "../src/planes/account/operations/create-bucket.ts";
import { createEnvironment } from "../src/planes/account/operations/create-environment.ts";
import { deleteBucket } from "../src/planes/account/operations/delete-bucket.ts";
import { deleteEnvironment } from "../src/planes/account/operations/delete-environment.ts";
import { listChanges } from "../src/planes/account/operations/list-changes.ts";
import { undoChange } from "../src/planes/account/operations/undo-change.ts";
import { updateCredential } from "../src/planes/account/operations/update-credential.ts";
import { updateWorkspace } from "../src/planes/account/operations/update-workspace.ts";
import { planes } from "../src/planes/planes.ts";
import { createEvent } from "../src/planes/traffic/operations/create-event.ts";
import { mergeRoutes } from "../src/planes/traffic/operations/merge-routes.ts";
import { splitRoute } from "../src/planes/traffic/operations/split-route.ts";
import { createEndpoint } from "../src/planes/webhooks/operations/create-endpoint.ts";
import { deleteEndpoint } from "../src/planes/webhooks/operations/delete-endpoint.ts";
import { rotateSigningSecret } from "../src/planes/webhooks/operations/rotate-signing-secret.ts";
import { setEndpointSecret } from "../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { updateEndpoint } from "../src/planes/webhooks/operations/update-endpoint.ts";
import { catalogueOf } from "../src/registry/catalogue.ts";
import type { Engines } from "../src/registry/engines.ts";
import { invoke, type Output } from "../src/registry/invoke.ts";
import { change, type Operation } from "../src/registry/operation.ts";
import { resource } from "../src/registry/resource.ts";
import { alertExamples } from "./undo-alerts.ts";
import { ruleExamples } from "./undo-rules.ts";
import { surfaces, type SurfaceName } from "./surface-calls.ts";
import { callerOf, openWorld, principalFor, principalOf, type World } from "./world.ts";

const dayMs = 24 * 3_600_000;
const orders = { name: "orders", targetUrl: "https://api.example.com/hooks" };
/** With everything that an endpoint may have. */
const complete = {
  ...orders,
  provider: "stripe",
  verification: { eventType: { pointer: "/kind" } },
  environment: "staging",
  bucket: "shop",
};

type Call = (it: Operation, input: object) => Promise<Output>;

/** One call of an operation that says it can be undone. */
type Example = {
  readonly name: string;
  readonly given?: (call: Call) => Promise<Output>;
  input(given: Output): Output;
};

async function withSecrets(call: Call): Promise<Output> {
  await call(createEndpoint, complete);
  await call(setEndpointSecret, { endpointId: "orders", secret: "whsec_FAKEfakeFAKEfakeFAKEfakeFAKE0001" });
  return call(setEndpointSecret, { endpointId: "orders", secret: "whsec_FAKEfakeFAKEfakeFAKEfakeFAKE0002" });
}

async function paused(call: Call): Promise<Output> {
  await withSecrets(call);
  return call(updateEndpoint, { endpointId: "orders", isActive: false });
}

const examples: ReadonlyMap<Operation, readonly Example[]> = new Map<Operation, readonly Example[]>([
  [
    createEndpoint,
    [
      { name: "with little", input: () => orders },
      { name: "with everything", input: () => complete },
    ],
  ],
  [
    updateEndpoint,
    [
      {
        name: "every field",
        given: withSecrets,
        input: () => ({
          endpointId: "orders",
          name: "Renamed",
          targetUrl: "https://other.example.com/",
          isActive: false,
          provider: "github",
          timeoutSeconds: 5,
          maxAttempts: 1,
          bodyBytesMax: 2_048,
          verification: {},
        }),
      },
      { name: "resuming", given: paused, input: () => ({ endpointId: "orders", isActive: true }) },
      { name: "no provider", given: withSecrets, input: () => ({ endpointId: "orders", provider: null }) },
    ],
  ],
  [
    deleteEndpoint,
    [
      { name: "at work", given: withSecrets, input: () => ({ endpointId: "orders" }) },
      { name: "paused", given: paused, input: () => ({ endpointId: "orders" }) },
    ],
  ],
  [
    updateWorkspace,
    [{ name: "all of it", input: () => ({ name: "Acme", plan: { endpointsMax: 3, retentionDays: 5 } }) }],
  ],
  [createEvent, [{ name: "one", input: () => ({ type: "deployment", name: "1.0" }) }]],
  ...ruleExamples,
  [createEnvironment, [{ name: "with its bucket", input: () => ({ name: "canary" }) }]],
  [
    deleteEnvironment,
    [
      {
        name: "with its bucket",
        given: async (call) => ({ environmentId: (await call(createEnvironment, { name: "canary" }))["id"] }),
        input: (given) => given,
      },
    ],
  ],
  [createBucket, [{ name: "one", input: () => ({ name: "shop-2" }) }]],
  [
    deleteBucket,
    [
      {
        name: "one",
        given: async (call) => ({ bucketId: (await call(createBucket, { name: "shop-2" }))["id"] }),
        input: (given) => given,
      },
    ],
  ],
  [
    updateCredential,
    [
      {
        name: "all of it",
        given: async (call) => ({ credentialId: (await call(createApiKey, { name: "laptop" }))["id"] }),
        input: (given) => ({ ...given, name: "desktop", toolsets: ["account"] }),
      },
    ],
  ],
  ...alertExamples,
  [
    mergeRoutes,
    [
      { name: "of nothing yet", input: () => ({ template: "/products/{slug}" }) },
      {
        name: "of what was split",
        given: (call) => call(splitRoute, { template: "/products/{slug}" }),
        input: () => ({ template: "/products/{product}" }),
      },
    ],
  ],
  [
    splitRoute,
    [
      {
        name: "names of a template",
        given: (call) => call(mergeRoutes, { template: "/products/{slug}" }),
        input: () => ({ template: "/products/{slug}", names: ["search"] }),
      },
    ],
  ],
  [
    undoChange,
    [
      {
        name: "of a deletion",
        given: async (call) => {
          await withSecrets(call);
          await call(deleteEndpoint, { endpointId: "orders" });
          return newest(call);
        },
        input: ({ changeId }) => ({ changeId }),
      },
    ],
  ],
]);

async function newest(call: Call): Promise<{ readonly changeId: string }> {
  const { changes } = await call(listChanges, { limit: 1 });
  return z
    .array(z.object({ changeId: z.string() }))
    .length(1)
    .parse(changes)[0]!;
}

describe("undo", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  async function newCall(
    engines: () => Engines = () => world.engines,
  ): Promise<{ call: Call; workspace: string }> {
    const workspace = await world.newWorkspace();
    return {
      workspace,
      call: (it, input) => invoke(it, input, callerOf(principalFor(it, workspace, "all")), engines()),
    };
  }

  test("every operation that says it can be undone has an example here", () => {
    const undoable = planes.flatMap(({ operations }) =>
      operations.filter((it) => it.effect === "change" && it.undoNone === null).map(({ name }) => name),
    );
    assert.deepEqual([...examples.keys()].map(({ name }) => name).toSorted(), undoable.toSorted());
  });

  for (const [it, list] of examples)
    for (const example of list)
      for (const surface of ["direct", "rest", "cli", "mcp"] satisfies readonly SurfaceName[])
        test(`over ${surface}: ${it.name}, ${example.name}, is as if it had not been`, async () => {
          const { call, workspace } = await newCall();
          const given = await example.given?.(call);
          const configuration = () => configurationOf(world, workspace);
          const undo = async () => {
            const reach = {
              it: undoChange,
              engines: world.engines,
              principal: principalFor(it, workspace, "all"),
            };
            return surfaces[surface](reach, { ...(await newest(call)) });
          };
          const was = configuration();
          await call(it, example.input(given ?? {}));
          const became = configuration();
          assert.notDeepEqual(became, was);
          const undone = await undo();
          if (it.reach === "people" && surface === "mcp") {
            assert.partialDeepStrictEqual(undone, { fails: { kind: "forbidden" } });
            assert.deepEqual(configuration(), became);
            return;
          }
          assert.ok("gives" in undone, JSON.stringify(undone));
          assert.deepEqual(configuration(), was);
          assert.ok("gives" in (await undo()), "undoing the undo does it again");
          assert.deepEqual(configuration(), became);
          assert.ok("gives" in (await undo()));
          assert.deepEqual(configuration(), was);
        });

  test("changes are undone one after the other, newest first, and done again the other way round", async () => {
    const { call, workspace } = await newCall();
    const states: unknown[] = [];
    const ids: string[] = [];
    for (const [it, input] of [
      [createEndpoint, orders],
      [updateEndpoint, { endpointId: "orders", name: "Second" }],
      [updateEndpoint, { endpointId: "orders", name: "Third" }],
      [deleteEndpoint, { endpointId: "orders" }],
    ] as const) {
      states.push(configurationOf(world, workspace));
      await call(it, input);
      ids.push((await newest(call)).changeId);
    }
    const redo: string[] = [];
    for (const id of ids.toReversed()) {
      const { changeId } = await call(undoChange, { changeId: id });
      redo.push(String(changeId));
      assert.deepEqual(configurationOf(world, workspace), states.pop());
    }
    for (const id of redo.toReversed()) await call(undoChange, { changeId: id });
    assert.equal((await listed(call, ids.at(-1))).undo.possible, true, "the deletion is in force again");
    assert.equal((await listed(call, ids[2])).undo.possible, false);
  });

  test("the id that a dry run tells is none, and the one that undo tells is its own", async () => {
    const { call } = await newCall();
    await call(createEndpoint, orders);
    const { changeId } = await newest(call);
    await call(undoChange, { changeId, dryRun: true });
    assert.equal((await newest(call)).changeId, changeId);
    const done = await call(undoChange, { changeId });
    assert.equal((await newest(call)).changeId, done["changeId"]);
  });

  test("a change that was set back by hand was changed since, and is left alone", async () => {
    const { call, workspace } = await newCall();
    await call(createEndpoint, orders);
    await call(updateEndpoint, { endpointId: "orders", name: "Second" });
    const { changeId } = await newest(call);
    await call(updateEndpoint, { endpointId: "orders", name: "orders" });
    const later = await newest(call);
    const was = configurationOf(world, workspace);
    await assert.rejects(call(undoChange, { changeId }), (error: Failure) => {
      assert.equal(error.kind, "conflict");
      assert.match(error.message, /^The endpoint ep_\w+ was changed since by update_endpoint/);
      assert.ok(error.message.includes(later.changeId));
      return true;
    });
    assert.deepEqual(configurationOf(world, workspace), was);
  });

  test("a secret stored since stands against undoing what came before it", async () => {
    const { call } = await newCall();
    await withSecrets(call);
    await call(updateEndpoint, { endpointId: "orders", name: "Second" });
    const { changeId } = await newest(call);
    await call(rotateSigningSecret, { endpointId: "orders" });
    await assert.rejects(call(undoChange, { changeId }), {
      message: /was changed since by rotate_signing_secret/,
    });
  });

  test("another workspace's change is not found, and its owner's records stay", async () => {
    const { call, workspace } = await newCall();
    const stranger = await newCall();
    await call(createEndpoint, orders);
    const { changeId } = await newest(call);
    const was = configurationOf(world, workspace);
    await assert.rejects(stranger.call(undoChange, { changeId }), { kind: "not_found" });
    assert.deepEqual(configurationOf(world, workspace), was);
    assert.deepEqual((await stranger.call(listChanges, {}))["changes"], []);
  });

  test("what the server did itself is refused", async () => {
    const { call, workspace } = await newCall();
    await world.engines.store.commit({
      workspace,
      at: world.clock.now(),
      actor: { kind: "system", id: "delivery" },
      operation: "pause_endpoint",
      records: [],
      entries: [],
      outbox: [],
      audit: { id: "aud_of_the_server", subjects: [], detail: {} },
    });
    await assert.rejects(call(undoChange, { changeId: "aud_of_the_server" }), {
      kind: "conflict",
      message: "pause_endpoint was done by the server itself.",
    });
  });

  test("a credential for a part of the workspace is refused", async () => {
    const { call, workspace } = await newCall();
    await call(createEndpoint, orders);
    const { changeId } = await newest(call);
    const principal = { ...principalOf(workspace, "all"), confines: { buckets: ["default"] } };
    await assert.rejects(invoke(undoChange, { changeId }, callerOf(principal), world.engines), {
      kind: "forbidden",
    });
  });

  test("of two undos of one change at the same time, one is done", async () => {
    const { call } = await newCall();
    await call(createEndpoint, orders);
    const { changeId } = await newest(call);
    const results = await Promise.allSettled([
      call(undoChange, { changeId }),
      call(undoChange, { changeId }),
    ]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  });
});

describe("undo, when time passes", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  test("a deleted endpoint comes back for 7 days; then it and its secrets are purged, and the list says so", async () => {
    const workspace = await world.newWorkspace();
    const call: Call = (it, input) =>
      invoke(it, input, callerOf(principalOf(workspace, "all")), world.engines);
    const { id } = await withSecrets(call);
    await call(deleteEndpoint, { endpointId: "orders" });
    const { changeId } = await newest(call);
    world.clock.advance(7 * dayMs);
    await world.engines.store.sweep(1_000);
    const back = await call(undoChange, { changeId });
    await call(undoChange, { changeId: back["changeId"] });
    const again = await newest(call);
    world.clock.advance(7 * dayMs + 1);
    const late = { kind: "conflict", message: /was deleted more than 7 days ago and is purged/ };
    await assert.rejects(call(undoChange, { changeId: again.changeId }), late);
    const stored = await world.engines.store.records.get(workspace, "endpoint", String(id), "deleted too");
    const sealed = Object.values(stored?.secrets ?? {});
    const kept = (): number => sealed.filter((text) => world.dump().includes(text)).length;
    assert.equal(kept(), 3);
    await world.engines.store.sweep(1_000);
    assert.equal(kept(), 0);
    await assert.rejects(call(undoChange, { changeId: again.changeId }), late);
    assert.match(String((await listed(call, again.changeId)).undo.reason), /purged/);
  });

  test("an update is undone however long ago it was", async () => {
    const workspace = await world.newWorkspace();
    const call: Call = (it, input) =>
      invoke(it, input, callerOf(principalOf(workspace, "all")), world.engines);
    await call(updateWorkspace, { name: "Acme" });
    const { changeId } = await newest(call);
    world.clock.advance(300 * dayMs);
    await world.engines.store.sweep(1_000);
    await call(undoChange, { changeId });
    assert.equal((await listed(call, changeId)).undo.possible, false);
  });
});

const crate = resource({
  kind: "crate",
  prefix: "cr",
  shape: z.object({ slug: z.string() }),
  secrets: ["lock"],
  keys: ({ slug }) => ({ slug }),
});

const declared = {
  verb: "POST",
  scope: "crates:write",
  destructive: false,
  undoNone: null,
  output: z.object({}),
} as const;

const fillCrates = change({
  ...declared,
  name: "fill_crates",
  title: "Fill crates",
  does: "Creates three crates.",
  path: "/crates/fill",
  input: z.object({}),
  async run(_input, { unit }) {
    for (const slug of ["a", "b", "c"]) unit.create(crate, { slug }, { lock: new Secret(`lock of ${slug}`) });
    return {};
  },
});

const turnCrates = change({
  ...declared,
  name: "turn_crates",
  title: "Turn crates",
  does: "Gives each crate the slug of the next, and the lock of none.",
  path: "/crates/turn",
  input: z.object({ slugs: z.array(z.string()), relock: z.boolean().default(false) }),
  async run({ slugs, relock }, { unit }) {
    const rows = await Promise.all(slugs.map((slug) => unit.byKey(crate, "slug", slug)));
    for (const [n, row] of rows.entries())
      unit.update(
        crate,
        row!,
        { slug: slugs[(n + 1) % slugs.length]! },
        relock ? { lock: new Secret("new") } : {},
      );
    return {};
  },
});

describe("undo of many records", () => {
  let world: World;
  let call: Call;
  let workspace: string;
  before(async () => {
    world = await openWorld();
    workspace = await world.newWorkspace();
    const operations = [fillCrates, turnCrates];
    const catalogue = catalogueOf([...planes, { name: "tools", operations, resources: [crate] }]);
    const engines = { ...world.engines, catalogue };
    call = (it, input) => invoke(it, input, callerOf(principalOf(workspace, "all")), engines);
  });
  after(() => world.close());

  test("all go back as one set, also where they swapped their keys", async () => {
    await call(fillCrates, {});
    const filled = configurationOf(world, workspace);
    await call(turnCrates, { slugs: ["a", "b", "c"] });
    const { changeId } = await newest(call);
    assert.notDeepEqual(configurationOf(world, workspace), filled);
    const { records } = await call(undoChange, { changeId });
    assert.equal(z.array(z.unknown()).parse(records).length, 3);
    assert.deepEqual(configurationOf(world, workspace), filled);
  });

  test("when one of them was changed since, none goes back", async () => {
    await call(turnCrates, { slugs: ["a", "b", "c"] });
    const { changeId } = await newest(call);
    await call(turnCrates, { slugs: ["c", "b"] });
    const was = configurationOf(world, workspace);
    await assert.rejects(call(undoChange, { changeId }), {
      kind: "conflict",
      message: /crate cr_\w+ was changed since/,
    });
    assert.deepEqual(configurationOf(world, workspace), was);
  });

  test("an operation that changes a secret and does not say so is refused all the same", async () => {
    await call(turnCrates, { slugs: ["a", "b"], relock: true });
    const { changeId } = await newest(call);
    await assert.rejects(call(undoChange, { changeId }), { message: /secrets are not kept in history/ });
  });
});

const Listed = z.array(
  z.object({
    changeId: z.string(),
    undo: z.object({ possible: z.boolean(), reason: z.string().nullable() }),
  }),
);

async function listed(call: Call, changeId: string | undefined): Promise<z.output<typeof Listed>[number]> {
  const { changes } = await call(listChanges, { limit: 50 });
  const found = Listed.parse(changes).find((it) => it.changeId === changeId);
  assert.ok(found, `${changeId} is listed`);
  return found;
}

/** The live records of a workspace with their secrets as they are sealed, their keys and their indexes. */
function configurationOf({ folder }: World, workspace: string): unknown {
  const file = new DatabaseSync(join(folder, "store.db"), { readOnly: true });
  try {
    return [
      `select kind, id, created_at, value, secrets, fingerprints from record
        where workspace = ? and deleted_at is null order by kind, id`,
      "select kind, id, name, value, is_global from record_key where workspace = ? order by kind, name, value",
      "select kind, id, name, value from record_index where workspace = ? order by kind, id, name",
    ].map((sql) => file.prepare(sql).all(workspace).map(readable));
  } finally {
    file.close();
  }
}

/** The members of JSON have no order. */
function readable(row: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]): [string, unknown] => {
      const isJson = typeof value === "string" && value.startsWith("{");
      return [name, isJson ? JSON.parse(value) : value];
    }),
  );
}
