// A person's own key over MCP, in a whole server: one workspace of several for each connection.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createEnvironment } from "../../src/planes/account/operations/create-environment.ts";
import { createPersonalKey } from "../../src/planes/account/operations/create-personal-key.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { invoke } from "../../src/registry/invoke.ts";
import { callerOf, principalFor, principalOf } from "../world.ts";
import { ask, sender } from "./mcp-wire.ts";
import { openOauthWorld, type OauthWorld, type Person } from "./oauth-world.ts";

let world: OauthWorld;
let other: string;
let person: Person;
let key: string;
before(async () => {
  world = await openOauthWorld();
  const { engines } = world.sluice;
  other = await world.newWorkspace("other");
  person = await world.newPerson({ [world.workspace]: "viewer", [other]: "owner" });
  const self = {
    ...principalFor(createPersonalKey, other, "all"),
    actor: { kind: "user", id: person.id },
  } as const;
  key = String((await invoke(createPersonalKey, { name: "laptop" }, callerOf(self), engines))["secret"]);
  const targetUrl = world.sluice.echoUrl;
  const owner = callerOf(principalOf(other, "all"));
  await invoke(createEnvironment, { name: "production" }, owner, engines);
  for (const [workspace, name] of [
    [world.workspace, "Orders"],
    [other, "Invoices"],
  ] as const)
    await invoke(createEndpoint, { name, targetUrl }, callerOf(principalOf(workspace, "all")), engines);
});
after(() => world.close());

const at = (path: string) => {
  const send = sender(() => new URL(world.url + path));
  return (body: object, headers: Record<string, string> = {}) =>
    send(body, { authorization: `Bearer ${key}`, ...headers });
};
const hello = ask("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
});
const read = ask("resources/read", { uri: "sluice://endpoints/list" });

test("reads the resources of the workspace that it connects to, and is told how to without one", async () => {
  const mine = await at(`/mcp?workspace=${other}`)(read);
  assert.ok(mine.text.includes("invoices") && !mine.text.includes("orders"), mine.text);
  const theirs = await at("/api/mcp")(read, { "x-mcp-workspace": world.workspace });
  assert.ok(theirs.text.includes("orders") && !theirs.text.includes("invoices"), theirs.text);
  const { error } = (await at("/mcp")(read)).json;
  assert.match(error.data.hint, /\?workspace=<id>/);
  assert.deepEqual(error.data.allowed.toSorted(), [world.workspace, other].toSorted());
});

test("is offered the tools that its person's role allows there", async () => {
  const names = async (workspace: string): Promise<string[]> =>
    (await at(`/mcp?workspace=${workspace}`)(ask("tools/list"))).json.result.tools.map(({ name }) => name);
  assert.ok((await names(other)).includes("create_endpoint"));
  assert.ok(!(await names(world.workspace)).includes("create_endpoint"));
});

test("keeps its session when its person gains a workspace, though that one sorts first", async () => {
  const joiner = await world.newPerson({ [world.workspace]: "viewer" });
  const self = {
    ...principalFor(createPersonalKey, world.workspace, "all"),
    actor: { kind: "user", id: joiner.id },
  } as const;
  const made = await invoke(createPersonalKey, { name: "desktop" }, callerOf(self), world.sluice.engines);
  const send = sender(() => new URL(`${world.url}/mcp`));
  const asJoiner = (body: object, headers: Record<string, string> = {}) =>
    send(body, { authorization: `Bearer ${String(made["secret"])}`, ...headers });
  const begun = await asJoiner(hello);
  const session = { "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };
  assert.ok((await asJoiner(read, session)).text.includes("orders"));
  let gained = other;
  while (gained > world.workspace) gained = await world.newWorkspace("early");
  await world.changeRole(joiner, gained, "owner");
  const later = await asJoiner(read, session);
  assert.equal(later.status, 200);
  assert.ok(later.text.includes("orders"), later.text);
  assert.match((await asJoiner(read)).json.error.data.hint, /\?workspace=<id>/, "a new one has the choice");
});

test("has no session any more in a workspace that its person was put out of, and cannot begin one", async () => {
  const begun = await at(`/mcp?workspace=${other}`)(hello);
  const session = { "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };
  assert.ok((await at("/mcp")(read, session)).text.includes("invoices"));
  await world.changeRole(person, other, null);
  const lost = await at("/mcp")(read, session);
  assert.deepEqual([lost.status, lost.json.error.code], [404, -32001]);
  const refused = await at(`/mcp?workspace=${other}`)(hello);
  assert.equal(refused.status, 400);
  assert.match(refused.json.error.message, /You have no workspace/);
  assert.ok((await at("/mcp")(read)).text.includes("orders"), "one workspace is left, and needs no choice");
});
