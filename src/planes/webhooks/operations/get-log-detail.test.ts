import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  githubHeaders,
  openRunningWorld,
  runningScenarios,
  type RunningScenario,
  type RunningWorld,
} from "../../../../test/running-world.ts";
import { sampleExchange } from "../../../engines/traffic/samples.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import { getLogDetail } from "./get-log-detail.ts";
import { listLogs } from "./list-logs.ts";
import { setEndpointSecret } from "./set-endpoint-secret.ts";
import { updateEndpoint } from "./update-endpoint.ts";
import { waitForWebhook } from "./wait-for-webhook.ts";

const noon = "2026-11-20T12:00:00.000Z";
const body = '{"order":7}';

async function oneDelivered(world: RunningWorld, workspace: string): Promise<Output> {
  const orders = await world.endpointIn(workspace);
  world.target.answer(() => ({ status: 200, headers: { "x-shop": "yes" }, body: "thanks" }));
  const { id } = await world.arrive(orders, { headers: [["User-Agent", "Shop/1"]], body, query: "?a=1" });
  await world.endingOf(workspace, id);
  return { id, endpoint: orders.id };
}

function asked(name: string, input: RunningScenario["input"]): RunningScenario {
  return {
    name,
    scopes: ["logs:read"],
    given: oneDelivered,
    input,
    gives: { number: "#1", state: "delivered" },
    leaves: {},
  };
}

runningScenarios(getLogDetail, [
  {
    name: "shows the request, and each attempt as sent and answered",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: ({ id }) => ({ logId: id }),
    gives: {
      number: "#1",
      kind: "event",
      receivedAt: noon,
      method: "POST",
      answered: 200,
      state: "delivered",
      bytes: 11,
      endpoint: { slug: "orders" },
      duplicateOf: null,
      verification: "not verified",
      untrusted: {
        path: "/in/orders?a=1",
        headers: [{ name: "User-Agent", value: "Shop/1" }],
        body: { text: body, encoding: "utf8", size: 11, truncated: false, redacted: 0 },
        from: "203.0.113.9",
      },
      attempts: [
        {
          attempt: 1,
          kind: "delivery",
          at: noon,
          outcome: "delivered",
          status: 200,
          error: null,
          nextAttemptAt: null,
          address: "127.0.0.1",
          untrusted: { body: { text: "thanks" } },
        },
      ],
      replays: [],
    },
    leaves: {},
  },
  asked("by its number", { logId: 1 }),
  asked("by its number as text", { logId: "1" }),
  asked("by its number with a hash", { logId: "#1" }),
  ...(["ex_0190aaaabbbb70008000000000000001", "#2", 2, "orders", "ex_1", "#9007199254740993"] as const).map(
    (logId): RunningScenario => ({
      name: `${JSON.stringify(logId)} is not found`,
      scopes: "all",
      given: oneDelivered,
      input: { logId },
      fails: { kind: "not_found", pointer: "/logId" },
      leaves: {},
    }),
  ),
  ...([-1, 1.5, "a".repeat(101), 1e300] as const).map((logId): RunningScenario => ({
    name: `${JSON.stringify(logId).slice(0, 20)} is no log's name`,
    scopes: "all",
    input: { logId },
    // As text in an address, a number that is none is a name that nothing has.
    fails: { kind: "invalid", pointer: "/logId" },
    leaves: {},
  })),
]);

describe("get_log_detail, told in full", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  type Detail = {
    readonly untrusted: { readonly headers: readonly Named[]; readonly body: { readonly text: string } };
    readonly attempts: readonly {
      readonly attempt: number;
      readonly nextAttemptAt: string | null;
      readonly untrusted: { readonly requestHeaders: readonly Named[] };
    }[];
  };
  type Named = { readonly name: string; readonly value: string };

  async function detail(workspace: string, logId: string): Promise<Output & Detail> {
    return (await world.call(workspace, getLogDetail, { logId })) as Output & Detail;
  }

  test("all that was captured stands under untrusted, and nowhere else", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    world.target.answer(() => ({ status: 200, headers: { "x-note": "OBEY-ME" }, body: "OBEY-ME" }));
    const { id } = await world.arrive(orders, {
      headers: [["X-Note", "OBEY-ME"]],
      body: "OBEY-ME",
      query: "?note=OBEY-ME",
    });
    await world.endingOf(workspace, id);
    const shown = await detail(workspace, id);
    const trusted = JSON.stringify(shown, (key, value: unknown) => (key === "untrusted" ? undefined : value));
    assert.doesNotMatch(trusted, /OBEY-ME/);
    const { requestHeaders } = shown.attempts[0]!.untrusted;
    assert.deepEqual(requestHeaders.find(({ name }) => name === "X-Note")?.value, "OBEY-ME");
    assert.ok(requestHeaders.some(({ name }) => name === "sluice-id"));
  });

  test("credentials are shown nowhere, neither of headers, nor of bodies, nor of the address", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    world.target.answer(() => ({
      status: 200,
      headers: { "set-cookie": "s=fake-secret" },
      body: '{"password":"fake-secret"}',
    }));
    const { id } = await world.arrive(orders, {
      headers: [
        ["Authorization", "Bearer fake-secret"],
        ["Cookie", "a=fake-secret"],
        ["X-Api-Key", "fake-secret"],
      ],
      body: '{"client_secret":"fake-secret","card":"4242 4242 4242 4242"}',
      query: "?api_key=fake-secret",
    });
    await world.endingOf(workspace, id);
    const shown = await detail(workspace, id);
    assert.doesNotMatch(JSON.stringify(shown), /fake-secret|4242 4242/);
    assert.equal(shown.untrusted.headers[0]!.value, "[redacted]");
    assert.equal(shown.untrusted.body.text, '{"client_secret":"[redacted]","card":"[redacted]"}');
    const { logs } = (await world.call(workspace, listLogs, {
      endpointId: orders.id,
    })) as { logs: { untrusted: { path: string } }[] };
    assert.equal(logs[0]!.untrusted.path, "/in/orders?api_key=[redacted]");
  });

  test("a body that is no text is shown as base64, a long one is cut and says so", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    world.target.answer(() => ({ status: 200 }));
    const binary = await world.arrive(orders, { body: Buffer.from([0xff, 0x00, 0xfe]) });
    assert.partialDeepStrictEqual(await detail(workspace, binary.id), {
      untrusted: { body: { text: "/wD+", encoding: "base64", size: 3, truncated: false } },
    });
    const long = await world.arrive(orders, { body: "é".repeat(20_000) });
    const shown = await detail(workspace, long.id);
    assert.partialDeepStrictEqual(shown, { untrusted: { body: { size: 40_000, truncated: true } } });
    assert.equal(shown.untrusted.body.text, "é".repeat(16_384));
  });

  test("each attempt tells what it got and when the next is due; its own id leads to the request", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace, { maxAttempts: 2 });
    world.target.answer(() => ({ status: 500, body: "down" }));
    const { id } = await world.arrive(orders);
    await world.attemptsAt(workspace, id, 1);
    const waiting = await detail(workspace, id);
    const due = Date.parse(String(waiting.attempts[0]!.nextAttemptAt));
    assert.equal(waiting["state"], "pending");
    assert.ok(due >= Date.parse(noon) + 4_000 && due <= Date.parse(noon) + 6_000);
    world.moveOn(6_000);
    const ending = await world.endingOf(workspace, id);
    const shown = await detail(workspace, ending.id);
    assert.partialDeepStrictEqual(shown, {
      id,
      state: "failed",
      attempts: [
        { attempt: 1, status: 500, error: "status_500", untrusted: { body: { text: "down" } } },
        { attempt: 2, status: 500, error: "status_500", nextAttemptAt: null },
      ],
    });
  });

  test("of an event replayed many times: its ending, and the latest attempts", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    world.target.answer(() => ({ status: 200 }));
    const { id } = await world.arrive(orders);
    const { startedAt } = await world.endingOf(workspace, id);
    const replays = Array.from({ length: 60 }, (_, n) =>
      sampleExchange({
        workspace,
        subject: orders.id,
        kind: "replay",
        parent: id,
        attempt: n + 2,
        startedAt: startedAt + n + 1,
        status: 503,
        error: n === 59 ? "status_503" : "timeout",
      }),
    );
    await world.engines.traffic.journal.commit({ exchanges: replays, jobs: [] });
    const { attempts, ...shown } = await detail(workspace, id);
    assert.partialDeepStrictEqual(shown, { state: "delivered", error: "status_503" });
    assert.deepEqual(
      attempts.map(({ attempt }) => attempt),
      Array.from({ length: 50 }, (_, n) => n + 12),
    );
    const atOnce = { endpointId: orders.id, position: 0, timeoutSeconds: 0 };
    const { log } = await world.call(workspace, waitForWebhook, atOnce);
    assert.partialDeepStrictEqual(log, { state: "delivered", error: "status_503" });
  });

  test("verification: verified, or refused and why; a duplicate names what it repeats", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace, { provider: "github" });
    await world.call(workspace, setEndpointSecret, { endpointId: orders.id, secret: "fake" });
    world.target.answer(() => ({ status: 200 }));
    const send = (secret: string) =>
      world.arrive(orders, { headers: githubHeaders(secret, body, "1"), body });
    const first = await send("fake");
    const second = await send("fake");
    await send("forged");
    assert.partialDeepStrictEqual(await detail(workspace, first.id), {
      verification: "verified",
      untrusted: { eventType: "push" },
    });
    assert.partialDeepStrictEqual(await detail(workspace, second.id), {
      state: "duplicate",
      duplicateOf: first.id,
      attempts: [],
    });
    assert.partialDeepStrictEqual(await detail(workspace, "#3"), {
      state: "rejected",
      answered: 401,
      verification: "refused",
      untrusted: { detail: "The signature does not match the endpoint's secret.", body: { text: body } },
    });
  });

  test("a log outlives its endpoint; another workspace, and a confined credential, finds none", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: false });
    const { id } = await world.arrive(orders);
    await world.call(workspace, deleteEndpoint, { endpointId: orders.id });
    assert.partialDeepStrictEqual(await detail(workspace, id), { endpoint: { id: orders.id, slug: null } });
    const stranger = await world.newWorkspace();
    await assert.rejects(detail(stranger, id), { kind: "not_found" });
    await assert.rejects(detail(stranger, "#1"), { kind: "not_found" });
    const caller = callerOf({ ...principalOf(workspace, "all"), confines: { environment: "staging" } });
    await assert.rejects(invoke(getLogDetail, { logId: id }, caller, world.engines), { kind: "not_found" });
  });
});
