import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { commandLine } from "../../src/planes/account/oauth/identity-needs.ts";
import { operations, toolsets } from "../../src/compose.ts";
import { ask, sender } from "./mcp-wire.ts";
import {
  authorizeUrl,
  call,
  connect,
  formOf,
  openOauthWorld,
  register,
  token,
  type OauthWorld,
  type Person,
} from "./oauth-world.ts";

let world: OauthWorld;
before(async () => (world = await openOauthWorld()));
after(() => world.close());

type Listed = {
  readonly id: string;
  readonly client: { readonly name: string; readonly verified: boolean };
  readonly user: string;
  readonly scopes: readonly string[];
  readonly toolsets: readonly string[];
  readonly lastUsedBy: string | null;
};

async function rest(bearer: string, method: string, path: string): Promise<Response> {
  return fetch(`${world.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${bearer}` } });
}

async function listed(bearer: string): Promise<readonly Listed[]> {
  const answer = await rest(bearer, "GET", "/connected-clients");
  assert.equal(answer.status, 200);
  return ((await answer.json()) as { readonly connectedClients: readonly Listed[] }).connectedClients;
}

/** A token of the command line for REST. */
async function restToken(person: Person): Promise<string> {
  const params = { client_id: commandLine.id, resource: `${world.url}/api/v1` };
  return (await connect(world, person, params)).access;
}

test("a person sees their own connections and ends one, which its next call finds out", async () => {
  const ada = await world.newPerson({ [world.workspace]: "member" });
  const bob = await world.newPerson({ [world.workspace]: "member" });
  const { access } = await connect(world, ada);
  const bobs = await restToken(bob);
  const own = await restToken(ada);
  await call(world, access);
  const mine = await listed(own);
  assert.deepEqual([...new Set(mine.map(({ user }) => user))], [ada.id]);
  assert.equal(mine.length, 2);
  const connection = mine.find(({ scopes }) => !scopes.includes("connected-clients:read"));
  assert.partialDeepStrictEqual(connection, {
    client: { name: "Fake Agent", verified: false },
    lastUsedBy: "node",
  });
  const foreign = (await listed(bobs))[0]?.id ?? "";
  assert.equal((await rest(own, "DELETE", `/connected-clients/${foreign}`)).status, 404);

  const path = `/connected-clients/${connection?.id}`;
  assert.equal((await rest(own, "DELETE", `${path}?dryRun=true`)).status, 200);
  assert.equal((await call(world, access)).status, 200);
  assert.equal((await rest(own, "DELETE", path)).status, 200);
  assert.equal((await call(world, access)).status, 401);
  assert.equal((await rest(own, "DELETE", path)).status, 404);
});

test("a key of the workspace sees and ends the connections of all", async () => {
  const ada = await world.newPerson({ [world.workspace]: "member" });
  const { access } = await connect(world, ada);
  const { id = "" } = (await listed(world.key)).find(({ user }) => user === ada.id) ?? {};
  assert.equal((await rest(world.key, "DELETE", `/connected-clients/${id}`)).status, 200);
  assert.equal((await call(world, access)).status, 401);
});

test("a person chooses what a client is shown when they connect it, and changes that later", async () => {
  const ada = await world.newPerson({ [world.workspace]: "member" });
  const bob = await world.newPerson({ [world.workspace]: "member" });
  const own = await restToken(ada);
  const clientId = (await register(world)).clientId;
  const shown = async (bearer: string): Promise<readonly string[]> => {
    const { tools } = (
      await sender(() => new URL(`${world.url}/api/mcp`))(ask("tools/list"), {
        authorization: `Bearer ${bearer}`,
      })
    ).json.result;
    const planes = tools
      .map(({ name }) => operations.find((it) => it.name === name))
      .map((it) => it && toolsets.of(it));
    return [...new Set(planes)].map(String);
  };
  const usual = await connect(world, ada, { client_id: clientId });
  assert.deepEqual(await shown(usual.access), ["webhooks", "account"]);
  const { id = "", toolsets: first } =
    (await listed(own)).find(({ client }) => client.name === "Fake Agent") ?? {};
  assert.deepEqual(first, ["webhooks", "pipeline"]);

  await connect(world, ada, { client_id: clientId }, (form) => {
    form.set("toolset.traffic", "yes");
    form.delete("toolset.webhooks");
  });
  assert.deepEqual(await shown(usual.access), ["traffic", "account"]);

  const change = (bearer: string, chosen: readonly string[], query = ""): Promise<Response> =>
    fetch(`${world.url}/api/v1/connected-clients/${id}${query}`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
      body: JSON.stringify({ toolsets: chosen }),
    });
  assert.equal((await change(await restToken(bob), ["account"])).status, 404);
  assert.equal((await change(own, ["nothing"])).status, 400);
  assert.equal((await change(own, ["webhooks"], "?dryRun=true")).status, 200);
  assert.deepEqual(await shown(usual.access), ["traffic", "account"]);
  const changed = (await (await change(own, ["webhooks", "traffic"])).json()) as {
    readonly toolsets: unknown;
  };
  assert.deepEqual(changed.toolsets, ["webhooks", "traffic"]);
  assert.deepEqual(await shown(usual.access), ["webhooks", "traffic", "account"]);

  const asked = await ada.browser.open(authorizeUrl(world, clientId));
  assert.deepEqual(
    [...formOf(asked).keys()].filter((name) => name.startsWith("toolset.")),
    ["toolset.webhooks", "toolset.traffic"],
  );
  const [audited] = await world.sluice.engines.store.audit.list(world.workspace, {
    limit: 1,
    where: { operation: "update_connected_client" },
  });
  assert.partialDeepStrictEqual(audited, {
    actor: { id: ada.id },
    detail: { input: { connectionId: id, toolsets: ["webhooks", "traffic"] } },
  });
});

test("a person who connects a client for REST is not asked about tools", async () => {
  const ada = await world.newPerson({ [world.workspace]: "member" });
  const params = { client_id: commandLine.id, resource: `${world.url}/api/v1` };
  const asked = await ada.browser.open(authorizeUrl(world, commandLine.id, params));
  assert.equal(asked.status, 200);
  assert.doesNotMatch(asked.text, /toolset/);
});

test("connections are seen and ended by people, not by agents", async () => {
  const answer = await fetch(`${world.url}/api/mcp?toolsets=all`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.key}`, "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  assert.doesNotMatch(await answer.text(), /connected_client/);
});

test("approving, refusing and disconnecting are audited with who, what and which client", async () => {
  const ada = await world.newPerson({ [world.workspace]: "owner" });
  const bearer = await restToken(ada);
  const { audit } = world.sluice.engines.store;
  const [approved] = await audit.list(world.workspace, {
    limit: 1,
    where: { operation: "connect_client", subject: ada.id },
  });
  assert.partialDeepStrictEqual(approved, {
    actor: { kind: "user", id: ada.id },
    detail: { application: { name: commandLine.name }, resource: `${world.url}/api/v1` },
  });
  const { id = "" } = (await listed(bearer)).find(({ user }) => user === ada.id) ?? {};
  await rest(bearer, "DELETE", `/connected-clients/${id}`);
  const [revoked] = await audit.list(world.workspace, {
    limit: 1,
    where: { operation: "revoke_connected_client" },
  });
  assert.partialDeepStrictEqual(revoked, { actor: { id: ada.id }, detail: { input: { connectionId: id } } });
});

test("a device is connected by a person who types its code, sees who asks and approves", async () => {
  const ada = await world.newPerson({ [world.workspace]: "owner" });
  const asked = await fetch(`${world.url}/oauth/device/authorize`, {
    method: "POST",
    body: new URLSearchParams({ client_id: commandLine.id, resource: `${world.url}/api/v1` }),
  });
  const device = (await asked.json()) as {
    readonly device_code: string;
    readonly user_code: string;
    readonly verification_uri_complete: string;
  };
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: commandLine.id,
    device_code: device.device_code,
  };
  assert.match(await (await token(world, form)).text(), /authorization_pending/);
  const typed = await ada.browser.open(device.verification_uri_complete);
  assert.equal(formOf(typed).get("user_code"), device.user_code);
  const confirm = await ada.browser.post("/oauth/device", formOf(typed));
  assert.match(confirm.text, /Sluice command line/);
  assert.ok(confirm.text.includes(device.user_code));
  const answer = formOf(confirm);
  answer.set("confirm", "yes");
  const consent = await ada.browser.post("/oauth/device", answer);
  assert.match(consent.text, /You are connecting a device/);
  const decision = formOf(consent);
  decision.set("decision", "approve");
  const done = await ada.browser.post(consent.url, decision);
  const onward = /^0;url=(.*)$/.exec(done.headers.get("refresh") ?? "")?.[1] ?? "";
  assert.match((await ada.browser.open(onward)).text, /goes on by itself/);
  const { access_token: access } = (await (await token(world, form)).json()) as {
    readonly access_token: string;
  };
  assert.equal((await rest(access, "GET", "/endpoints")).status, 200);
});

test("who asks for no document that there is gets a clean 404", async () => {
  for (const path of ["", "/mcp", "/api/mcp", "/api/v1", "/mcp/sse"]) {
    const answer = await fetch(`${world.url}/.well-known/oauth-protected-resource${path}`);
    const { resource, authorization_servers, scopes_supported } = (await answer.json()) as Record<
      string,
      unknown
    >;
    assert.deepEqual(authorization_servers, [world.url]);
    assert.ok(String(resource).startsWith(world.url));
    assert.ok(Array.isArray(scopes_supported) && !scopes_supported.includes("offline_access"));
    assert.equal(scopes_supported.includes("connected-clients:write"), path === "/api/v1");
  }
  for (const path of [
    "oauth-protected-resource/other",
    "oauth-authorization-server/mcp",
    "openid-configuration/mcp",
  ])
    assert.equal((await fetch(`${world.url}/.well-known/${path}`)).status, 404);
});
