import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { bringIn, type Told } from "../../../../test/captured.ts";
import { openRunningWorld, runningScenarios, type RunningWorld } from "../../../../test/running-world.ts";
import type { Output } from "../../../registry/invoke.ts";
import { minimiseRequest } from "./minimise-request.ts";

const order = {
  cart: 7,
  customer: { name: "Ada", tags: ["a", "b"] },
  items: [{ sku: "lamp" }, { sku: "chair", options: { colour: "red", broken: true } }],
};

const failing: Told = {
  method: "POST",
  target: "/orders?debug=1&page=2",
  status: 500,
  request: {
    headers: [
      ["Host", "api.example.com"],
      ["Content-Type", "application/json"],
      ["X-Tenant", "acme"],
      ["Accept-Language", "en"],
    ],
    text: JSON.stringify(order),
  },
};

function captured(told: Told) {
  return async (world: RunningWorld, workspace: string): Promise<Output> => {
    const { ids } = await bringIn({ engines: world.engines, workspace }, [told]);
    return { requestId: ids[0] ?? "", target: new URL(world.target.url).origin };
  };
}

runningScenarios(minimiseRequest, [
  {
    name: "a server that the operator did not name",
    scopes: "all",
    given: captured(failing),
    input: ({ requestId }) => ({ requestId, target: "https://api.example.com" }),
    fails: { kind: "forbidden", pointer: "/target" },
    leaves: {},
  },
  {
    name: "a request of which not everything was kept",
    scopes: "all",
    given: captured({ ...failing, request: { text: "{}", truncated: true } }),
    input: (given) => given,
    fails: { kind: "conflict", pointer: "/requestId" },
    leaves: {},
  },
  {
    name: "a request that was never answered, which no answer can be compared with",
    scopes: "all",
    given: captured({ ...failing, status: null, outcome: "failed", response: null }),
    input: (given) => given,
    fails: { kind: "conflict", pointer: "/requestId" },
    leaves: {},
  },
  {
    name: "one that is not there",
    scopes: "all",
    given: captured(failing),
    input: ({ target }) => ({ requestId: "#99", target }),
    fails: { kind: "not_found", pointer: "/requestId" },
    leaves: {},
  },
  {
    name: "a dry run sends nothing",
    scopes: ["traffic:replay"],
    given: captured(failing),
    input: (given) => ({ ...given, dryRun: true }),
    gives: { state: "planned", sends: 0, status: null },
    leaves: {},
  },
]);

describe("minimise_request", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  test("sends it with less and less, and answers the smallest that still fails", async () => {
    world.target.answer(({ url, body, header }) => {
      const breaks =
        header("x-tenant") === "acme" && body.includes('"broken":true') && url.includes("debug=1");
      return {
        status: breaks ? 500 : 201,
        headers: { "content-type": "application/json" },
        body: '{"error":{"code":"boom"}}',
      };
    });
    const workspace = await world.newWorkspace();
    const { requestId, target } = await captured(failing)(world, workspace);
    const answer = minimiseRequest.output.parse(
      await world.call(workspace, minimiseRequest, { requestId, target }),
    );
    assert.equal(answer.state, "minimised");
    assert.equal(answer.status, 500);
    assert.equal(answer.untrusted.path, "/orders?debug=1");
    assert.deepEqual(answer.untrusted.headers, [{ name: "X-Tenant", value: "acme" }]);
    assert.equal(answer.untrusted.body, '{"items":[{"options":{"broken":true}}]}');
    assert.ok(answer.bytes.after < answer.bytes.before);
    assert.equal(answer.sends, world.target.reached.length);
    const keys = new Set(world.target.reached.map(({ header }) => header("idempotency-key")));
    assert.equal(keys.size, answer.sends);
  });

  test("says so when it does not fail any more", async () => {
    world.target.answer(() => ({ status: 201 }));
    const workspace = await world.newWorkspace();
    const { requestId, target } = await captured(failing)(world, workspace);
    const answer = await world.call(workspace, minimiseRequest, { requestId, target });
    assert.partialDeepStrictEqual(answer, { state: "not reproduced", status: 201, sends: 1 });
  });

  test("stops when it was sent as often as is allowed", async () => {
    world.target.answer(({ body }) => ({ status: body.includes("lamp") ? 500 : 201 }));
    const workspace = await world.newWorkspace();
    const { requestId, target } = await captured(failing)(world, workspace);
    const answer = await world.call(workspace, minimiseRequest, { requestId, target, sendsMax: 3 });
    assert.partialDeepStrictEqual(answer, { state: "sends used up", sends: 3 });
  });

  test("redacted values are named where they are lacking, and sent but not answered where they are given", async () => {
    const fake = "fake-of-the-test-server";
    world.target.answer(({ header }) => ({
      status: header("authorization") === `Bearer ${fake}` ? 500 : 401,
    }));
    const workspace = await world.newWorkspace();
    const signedIn = {
      ...failing,
      request: { headers: [["Authorization", "Bearer example-example-example"]] },
    } as const;
    const asked = await captured(signedIn)(world, workspace);
    const without = await world.call(workspace, minimiseRequest, asked);
    assert.equal(without["state"], "not reproduced");
    assert.match(String(without["next"]), /give REDACTED_AUTHORIZATION in values/);
    const values = { REDACTED_AUTHORIZATION: fake };
    const answer = minimiseRequest.output.parse(
      await world.call(workspace, minimiseRequest, { ...asked, values }),
    );
    assert.equal(answer.state, "minimised");
    assert.deepEqual(
      answer.untrusted.headers.map(({ name }) => name),
      ["Authorization"],
    );
    const audit = await world.engines.store.audit.list(workspace, { limit: 10 });
    assert.ok(!JSON.stringify([audit, answer]).includes(fake));
  });

  test("a server that is not running is not taken for one that answers alike", async () => {
    const { world: own, gone } = await worldWithout();
    const workspace = await own.newWorkspace();
    const { requestId } = await captured(failing)(own, workspace);
    const answer = await own.call(workspace, minimiseRequest, { requestId, target: gone });
    await own.close();
    assert.partialDeepStrictEqual(answer, { state: "not reached", status: null, sends: 1 });
    assert.match(String(answer["next"]), /Nothing listens/);
  });

  test("one that goes away meanwhile ends it, with what was found by then", async () => {
    const { world: own, gone, server } = await worldWithout(2);
    const workspace = await own.newWorkspace();
    const { requestId } = await captured(failing)(own, workspace);
    const answer = await own.call(workspace, minimiseRequest, { requestId, target: gone });
    await own.close();
    assert.equal(server.listening, false);
    assert.partialDeepStrictEqual(answer, { state: "not reached", status: 500, sends: 3 });
  });
});

/** A test server that goes away once it has answered this often, and a world whose operator named it. */
async function worldWithout(answers = 0): Promise<{ world: RunningWorld; gone: string; server: Server }> {
  let left = answers;
  const server = createServer((_request, response) => {
    left--;
    // It takes no connection any more before the last answer is out.
    if (left === 0) server.close();
    response.writeHead(500, { connection: "close" }).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const gone = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (answers === 0) server.close();
  const world = await openRunningWorld((engines) => ({
    ...engines,
    settings: { ...engines.settings, replayTargets: [gone] },
  }));
  return { world, gone, server };
}
