import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Prepare, type Scenario } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf, type World } from "../../../../test/world.ts";
import { updateWorkspace } from "../../account/operations/update-workspace.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { createEndpoint } from "./create-endpoint.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";

const targetUrl = "https://api.example.com/hooks";
const orders = { name: "orders", targetUrl };
const created = { audit: 1, endpoint: 1, history: 1 };
const custom = {
  scheme: {
    algorithm: "hmac-sha256",
    key: { encoding: "utf8" },
    signature: { header: "x-acme-signature", field: "sha256", encoding: "hex" },
    signed: "{body}",
  },
  dedupeId: { header: "x-acme-id" },
};

function refused(name: string, input: Output, pointer: string): Scenario {
  return {
    name,
    scopes: "all",
    input: { ...orders, ...input },
    fails: { kind: "invalid", pointer },
    leaves: {},
  };
}

async function fullPlan(call: Prepare): Promise<Output> {
  await call(updateWorkspace, { plan: { endpointsMax: 1 } });
  return call(createEndpoint, orders);
}

scenarios(createEndpoint, [
  {
    name: "a name and a target are enough",
    scopes: ["endpoints:write"],
    input: { name: " Stripe Production! ", targetUrl },
    gives: {
      name: "Stripe Production!",
      slug: "stripe-production",
      targetUrl,
      isActive: true,
      pausedBecause: null,
      provider: null,
      verification: "off",
      environment: "production",
      bucket: "default",
      timeoutSeconds: 30,
      maxAttempts: 12,
      bodyBytesMax: 10_485_760,
      version: 1,
      endpointsLeft: 99,
      next: "Register ingestUrl at the provider, or try it at once with send_test.",
    },
    leaves: created,
  },
  {
    name: "every setting is kept",
    scopes: ["endpoints:write"],
    input: {
      ...orders,
      provider: "Git Hub",
      environment: "staging",
      bucket: "shop",
      slug: "my-orders",
      timeoutSeconds: 5,
      maxAttempts: 3,
      bodyBytesMax: 2_048,
    },
    gives: {
      slug: "my-orders",
      provider: "github",
      verification: "waiting for secret",
      environment: "staging",
      bucket: "shop",
      timeoutSeconds: 5,
      maxAttempts: 3,
      bodyBytesMax: 2_048,
    },
    leaves: created,
  },
  {
    name: "a sender without a preset is described",
    scopes: "all",
    input: { ...orders, provider: "custom", verification: custom },
    gives: { provider: "custom", verification: "waiting for secret", verificationSettings: custom },
    leaves: created,
  },
  {
    name: "a taken slug made from the name gets a number",
    scopes: "all",
    given: (call) => call(createEndpoint, orders),
    input: orders,
    gives: { slug: "orders-2" },
    leaves: created,
  },
  {
    name: "a slug that was asked for is taken once",
    scopes: "all",
    given: (call) => call(createEndpoint, orders),
    input: { ...orders, slug: "orders" },
    fails: { kind: "conflict", pointer: "/slug" },
    leaves: {},
  },
  {
    name: "a deleted endpoint's slug is free again",
    scopes: "all",
    given: async (call) => call(deleteEndpoint, { endpointId: (await call(createEndpoint, orders))["id"] }),
    input: { ...orders, slug: "orders" },
    gives: { slug: "orders" },
    leaves: created,
  },
  {
    name: "a name without a letter still gets a slug",
    scopes: "all",
    input: { name: "注文", targetUrl },
    gives: { slug: "endpoint" },
    leaves: created,
  },
  {
    name: "the plan's limit holds",
    scopes: "all",
    given: fullPlan,
    input: { name: "one more", targetUrl },
    fails: { kind: "quota_exceeded" },
    leaves: {},
  },
  { ...refused("a name is required", {}, "/name"), input: { targetUrl } },
  refused("a name of spaces is none", { name: " " }, "/name"),
  refused("a name has at most 100 characters", { name: "a".repeat(101) }, "/name"),
  { ...refused("a target is required", {}, "/targetUrl"), input: { name: "orders" } },
  refused("a target is a URL", { targetUrl: "api.example.com" }, "/targetUrl"),
  refused(
    "a target has at most 2,000 characters",
    { targetUrl: `${targetUrl}/${"a".repeat(2_000)}` },
    "/targetUrl",
  ),
  refused("a target speaks HTTP", { targetUrl: "ftp://example.com/" }, "/targetUrl"),
  refused("a target carries no password", { targetUrl: "https://me:fake@example.com/" }, "/targetUrl"),
  refused("a target is no inner address", { targetUrl: "http://10.0.0.1/" }, "/targetUrl"),
  refused("a target's name resolves", { targetUrl: "https://nowhere.example.invalid/" }, "/targetUrl"),
  refused("a provider is a known one", { provider: "acme" }, "/provider"),
  refused("verification settings need a provider", { verification: custom }, "/provider"),
  refused("a slug is in lower case", { slug: "My_Orders" }, "/slug"),
  refused("a slug has at most 60 characters", { slug: "a".repeat(61) }, "/slug"),
  refused("a timeout is at most two minutes", { timeoutSeconds: 121 }, "/timeoutSeconds"),
  refused("a timeout is at least a second", { timeoutSeconds: 0 }, "/timeoutSeconds"),
  refused("there are at most 12 attempts", { maxAttempts: 13 }, "/maxAttempts"),
  refused("a body is at most 26 MiB", { bodyBytesMax: 27_262_977 }, "/bodyBytesMax"),
  refused("a body limit leaves room for a body", { bodyBytesMax: 1_023 }, "/bodyBytesMax"),
  refused("an environment has a name", { environment: "" }, "/environment"),
  refused("a bucket has a name", { bucket: " " }, "/bucket"),
  refused(
    "a scheme signs the body",
    { provider: "custom", verification: { scheme: { ...custom.scheme, signed: "{timestamp}" } } },
    "/verification/scheme/signed",
  ),
  refused(
    "an algorithm is a known one",
    { provider: "custom", verification: { scheme: { ...custom.scheme, algorithm: "md5" } } },
    "/verification/scheme/algorithm",
  ),
]);

dryRunLeavesNothing(createEndpoint, { input: orders });

describe("create_endpoint, told in full", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  async function member(confines: object = {}) {
    const principal = { ...principalOf(await world.newWorkspace(), "all"), confines };
    return (input: object) => invoke(createEndpoint, input, callerOf(principal), world.engines);
  }

  test("the ingest URL is the slug and 22 random characters, other ones each time", async () => {
    const create = await member();
    const urls = await Promise.all([1, 2, 3].map(async () => (await create(orders))["ingestUrl"]));
    for (const url of urls) assert.match(String(url), /^https:\/\/sluice\.example\/in\/orders(-\d)?-\w{22}$/);
    assert.equal(new Set(urls.map((url) => String(url).slice(-22))).size, 3);
  });

  test("many of one name at once all get a slug of their own", async () => {
    const create = await member();
    const made = await Promise.all(Array.from({ length: 4 }, () => create(orders)));
    assert.equal(new Set(made.map(({ slug }) => slug)).size, 4);
  });

  test("the limit that is reached is named, with what to do", async () => {
    const caller = callerOf(principalOf(await world.newWorkspace(), "all"));
    await fullPlan((it, input) => invoke(it, input, caller, world.engines));
    await assert.rejects(invoke(createEndpoint, { ...orders, name: "one more" }, caller, world.engines), {
      message: 'The plan "self-hosted" allows 1 endpoints.',
      detail: {
        hint: "Delete an endpoint that is no longer used, or raise endpointsMax with `sluice update-workspace`.",
      },
    });
  });

  test("with a provider it says how the secret gets in, and that until then nothing is accepted", async () => {
    const create = await member();
    const { next } = await create({ ...orders, provider: "stripe" });
    assert.match(String(next), /sluice set-endpoint-secret --endpoint-id orders --secret-file -/);
    assert.match(String(next), /refused with 401/);
  });

  test("an unknown provider is answered with those there are", async () => {
    const create = await member();
    await assert.rejects(create({ ...orders, provider: "acme" }), {
      message: 'There is no preset for "acme".',
      detail: {
        pointer: "/provider",
        allowed: ["stripe", "github", "slack", "shopify", "meta", "standard-webhooks", "svix", "custom"],
        hint: "Use `custom` and describe in `verification` how the provider signs.",
      },
    });
  });

  test("a confined credential creates within its environment and buckets alone", async () => {
    const create = await member({ environment: "staging", buckets: ["shop"] });
    const within = { ...orders, environment: "staging", bucket: "shop" };
    assert.equal((await create(within))["bucket"], "shop");
    await assert.rejects(create({ ...within, environment: "production" }), {
      kind: "forbidden",
      detail: { pointer: "/environment" },
    });
    await assert.rejects(create({ ...within, bucket: "default" }), {
      kind: "forbidden",
      detail: { pointer: "/bucket", allowed: ["shop"] },
    });
  });

  test("a confined credential is not told by slugs which endpoints there are that it may not see", async () => {
    const workspace = await world.newWorkspace();
    const everybody = callerOf(principalOf(workspace, "all"));
    await invoke(createEndpoint, orders, everybody, world.engines);
    const confines = { environment: "staging", buckets: ["shop"] };
    const caller = callerOf({ ...principalOf(workspace, "all"), confines });
    const create = (input: object) =>
      invoke(
        createEndpoint,
        { ...orders, environment: "staging", bucket: "shop", ...input },
        caller,
        world.engines,
      );
    for (const name of ["orders", "invoices"]) {
      const { slug, ingestUrl } = await create({ name });
      assert.match(String(slug), new RegExp(`^${name}-[0-9a-z]{8}$`));
      assert.ok(String(ingestUrl).startsWith(`https://sluice.example/in/${String(slug)}-`));
      assert.equal((await create({ name, dryRun: true }))["slug"], `${name}-…`);
      await assert.rejects(create({ slug: name }), {
        kind: "forbidden",
        message: "A credential for a part of the workspace chooses no slug.",
        detail: {
          pointer: "/slug",
          hint: "Leave it out: it is made from the name and ends at random.",
        },
      });
    }
  });

  test("sent twice at once under one idempotency key, it is done once", async () => {
    const caller = { ...callerOf(principalOf(await world.newWorkspace(), "all")), idempotencyKey: "at once" };
    world.mark();
    const [first, second] = await Promise.all(
      [1, 2].map(() => invoke(createEndpoint, orders, caller, world.engines)),
    );
    assert.deepEqual(second, first);
    assert.deepEqual(world.leftBehind(), { ...created, "entry:idempotency": 1 });
  });

  test("the same idempotency key makes one endpoint, and is refused for another input", async () => {
    const caller = { ...callerOf(principalOf(await world.newWorkspace(), "all")), idempotencyKey: "once" };
    const first = await invoke(createEndpoint, orders, caller, world.engines);
    world.mark();
    assert.deepEqual(await invoke(createEndpoint, orders, caller, world.engines), first);
    await assert.rejects(invoke(createEndpoint, { ...orders, name: "other" }, caller, world.engines), {
      kind: "conflict",
      message: "This idempotency key was used with another input.",
    });
    assert.deepEqual(world.leftBehind(), {});
  });
});

test("calls at the same moment do not pass the plan's limit together", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    await invoke(updateWorkspace, { plan: { endpointsMax: 3 } }, caller, world.engines);
    const tries = Array.from({ length: 8 }, (_, n) =>
      invoke(
        createEndpoint,
        { name: `orders ${n}`, targetUrl: "https://example.com/hook" },
        caller,
        world.engines,
      ),
    );
    const results = await Promise.allSettled(tries);
    for (const result of results)
      if (result.status === "rejected")
        assert.match(String(result.reason), /The plan "self-hosted" allows 3/);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 3);
    assert.equal(await world.engines.store.records.count(workspace, "endpoint"), 3);
  } finally {
    await world.close();
  }
});
