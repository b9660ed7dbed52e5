// What each kind of credential lists and may call over MCP, in a whole server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { operations, toolsets } from "../../src/compose.ts";
import { createManagementToken } from "../../src/planes/account/operations/create-management-token.ts";
import { createMcpToken } from "../../src/planes/account/operations/create-mcp-token.ts";
import { listEndpoints } from "../../src/planes/webhooks/operations/list-endpoints.ts";
import { invoke, type Output } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { bringIn } from "../captured.ts";
import { callerOf, principalOf } from "../world.ts";
import { ask, failureOf, sender, type Told, type Tool } from "./mcp-wire.ts";
import { connect, openOauthWorld, type OauthWorld } from "./oauth-world.ts";

let world: OauthWorld;
before(async () => {
  world = await openOauthWorld();
  const place = { engines: world.sluice.engines, workspace: world.workspace };
  await bringIn(place, [{ status: 500 }], { environment: "staging" });
  await bringIn(place, [{ status: 500 }, { status: 200 }]);
});
after(() => world.close());

type Headers = Readonly<Record<string, string>>;

const bearing = (key: string): Headers => ({ authorization: `Bearer ${key}` });
const managing = (token: string): Headers => ({ "x-management-token": token });

function send(headers: Headers, body: object, query = ""): Promise<Told> {
  return sender(() => new URL(`${world.url}/api/mcp${query}`))(body, headers);
}

async function listed(headers: Headers, query = ""): Promise<readonly Tool[]> {
  return (await send(headers, ask("tools/list"), query)).json.result.tools;
}

function call(headers: Headers, it: string, input: Output = {}): Promise<Told> {
  return send(headers, ask("tools/call", { name: it, arguments: input }));
}

async function secretOf(it: Operation, input: Output): Promise<string> {
  const owner = callerOf(principalOf(world.workspace, "all"));
  return String((await invoke(it, input, owner, world.sluice.engines))["secret"]);
}

const names = (tools: readonly Tool[]): readonly string[] => tools.map(({ name }) => name);

describe("an MCP token", () => {
  let token: Headers;
  before(async () => {
    token = bearing(await secretOf(createMcpToken, { name: "agent", environment: "staging" }));
  });

  test("lists tools of captured traffic, of which create_event alone writes", async () => {
    const tools = await listed(token);
    const planes = new Map(operations.map((it) => [it.name, toolsets.of(it)]));
    for (const { name } of tools)
      assert.ok(planes.get(name) === "traffic" || toolsets.everyView.has(name), name);
    const writes = tools.filter(({ annotations }) => annotations["readOnlyHint"] === false);
    assert.deepEqual(names(writes), ["create_event"]);
    const seeds = ["search_requests", "get_metrics", "get_errors", "get_request_detail", "get_throughput"];
    assert.deepEqual(names(tools).slice(0, seeds.length), seeds);
    assert.ok(tools.every(({ _meta }) => _meta === undefined));
  });

  test("counts the traffic of its environment and notes an event in it", async () => {
    const { structuredContent } = (await call(token, "get_metrics")).json.result;
    assert.partialDeepStrictEqual(structuredContent, { requests: 1, errors: 1 });
    const noted = await call(token, "create_event", { type: "deployment", name: "1.1" });
    assert.partialDeepStrictEqual(noted.json.result.structuredContent, { environment: "staging" });
  });

  test("is told what confines it, and not to fetch a scope that it has", async () => {
    for (const [name, input, hint] of [
      ["search_requests", { environment: "production" }, /Leave environment out/],
      ["search_requests", { plane: "webhooks" }, /Leave plane out/],
      ["create_event", { type: "custom", name: "x", environment: "production" }, /Leave environment out/],
    ] as const) {
      const failure = failureOf(await call(token, name, input));
      assert.equal(failure["code"], "forbidden", name);
      assert.match(String(failure["hint"]), hint);
    }
  });

  test("is refused to write and to read webhooks, whatever view it asks for, and is told which scope that needs", async () => {
    for (const [name, scope, input] of [
      ["create_endpoint", "endpoints:write", { name: "mine", targetUrl: "https://example.com/" }],
      ["list_endpoints", "endpoints:read", {}],
      ["undo_change", "changes:write", { changeId: "aud_0000000000000000000000" }],
    ] as const) {
      const failure = failureOf(await call(token, name, input));
      assert.partialDeepStrictEqual(failure, {
        code: "forbidden",
        message: `${name} needs the scope ${scope}.`,
      });
    }
    assert.deepEqual(
      names(await listed(token, "?toolsets=webhooks")),
      names(await listed(token, "?toolsets=pipeline")),
    );
    const owner = callerOf(principalOf(world.workspace, "all"));
    const { endpoints } = await invoke(listEndpoints, {}, owner, world.sluice.engines);
    assert.deepEqual(endpoints, []);
  });
});

describe("a management token", () => {
  test("lists what its scopes allow, each tool with the scope that it needs, and nobody else's list has that", async () => {
    const scopes = ["endpoints:read", "workspace:read"];
    const token = managing(await secretOf(createManagementToken, { name: "ci", scopes }));
    const tools = await listed(token);
    assert.deepEqual(
      tools.map(({ name, _meta }) => [name, _meta?.requiredScope]),
      operations
        .filter((it) => it.reach === "everywhere" && scopes.includes(it.scope))
        .map((it) => [it.name, it.scope]),
    );
    assert.equal((await call(token, "list_endpoints")).json.result.isError, undefined);
    // The same list as other credentials have otherwise: what was rendered for one must not reach the other.
    for (const headers of [bearing(world.key), token, bearing(world.key)])
      for (const { name, _meta } of await listed(headers, "?toolsets=all"))
        assert.equal(_meta !== undefined, headers === token, name);
  });

  test("is refused a call by the exact scope that is missing", async () => {
    const token = managing(await secretOf(createManagementToken, { name: "ci", scopes: ["endpoints:read"] }));
    const failure = failureOf(await call(token, "delete_endpoint", { endpointId: "orders" }));
    assert.equal(failure["message"], "delete_endpoint needs the scope endpoints:delete.");
    assert.deepEqual(failure["allowed"], ["endpoints:read"]);
  });
});

describe("an OAuth token", () => {
  test("lists webhooks unless its person chose otherwise, as the product events that are to come", async () => {
    const person = await world.newPerson({ [world.workspace]: "owner" });
    const { access } = await connect(world, person);
    const expected = names(await listed(bearing(world.key), "?toolsets=pipeline,webhooks"));
    assert.ok(expected.includes("create_endpoint") && !expected.includes("get_metrics"));
    assert.deepEqual(names(await listed(bearing(access))), expected);
    assert.equal((await call(bearing(access), "get_metrics")).json.result.isError, undefined);
  });
});

describe("toolsets", () => {
  test("that have no tools yet are known wherever toolsets are named, and list what every view has", async () => {
    for (const name of ["pipeline", "models", "tools"]) {
      const key = managing(
        await secretOf(createManagementToken, { name, scopes: ["workspace:read"], toolsets: [name] }),
      );
      assert.deepEqual(names(await listed(key)), ["whoami", "describe_operation"]);
      assert.deepEqual(
        names(await listed(bearing(world.key), `?toolsets=${name}`)).toSorted(),
        [...toolsets.everyView].toSorted(),
      );
    }
    const wrong = await send(bearing(world.key), ask("tools/list"), "?toolsets=pipelines");
    assert.equal(wrong.status, 400);
    assert.deepEqual(wrong.json.error.data.allowed, [...toolsets.names, "all"]);
  });

  test("that are asked for refuse the other tools of the account, which its own toolset has", async () => {
    const environments = ask("tools/call", { name: "list_environments" });
    const refused = await send(bearing(world.key), environments, "?toolsets=webhooks");
    assert.equal(failureOf(refused)["code"], "forbidden");
    for (const query of ["", "?toolsets=account", "?toolsets=all"])
      assert.equal((await send(bearing(world.key), environments, query)).json.result.isError, undefined);
    const described = ask("tools/call", {
      name: "describe_operation",
      arguments: { operation: "create_endpoint" },
    });
    const told = await send(bearing(world.key), described, "?toolsets=webhooks");
    assert.equal(told.json.result.isError, undefined);
  });
});

test("every tool is described by two sentences at most, and has a title and both schemas", async () => {
  const tools = await listed(bearing(world.key), "?toolsets=all");
  assert.equal(tools.length, operations.filter(({ reach }) => reach === "everywhere").length);
  for (const { name, title, description, inputSchema, outputSchema } of tools) {
    const sentences = description.split(/(?<=[.!?])\s+(?=[A-Z`])/);
    assert.ok(sentences.length <= 2 && description.endsWith("."), `${name}: ${description}`);
    assert.ok(title.length > 0, name);
    for (const schema of [inputSchema, outputSchema])
      assert.partialDeepStrictEqual(schema, { type: "object" });
  }
});
