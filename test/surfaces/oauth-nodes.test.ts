import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { inForce } from "../in-force.ts";
import { asking } from "../journeys/asking.ts";
import { eventually } from "../journeys/eventually.ts";
import { sharedPostgres } from "../postgres-server.ts";
import { readEvents } from "./event-reader.ts";
import { ask } from "./mcp-wire.ts";
import { call, connect, freePort, openOauthWorld, token, type OauthWorld } from "./oauth-world.ts";

let one: OauthWorld;
let two: OauthWorld;
before(async () => {
  const port = await freePort();
  const shared = {
    SLUICE_DATABASE_URL: await (await sharedPostgres()).newDatabase(),
    SLUICE_VAULT_KEYS: randomBytes(32).toString("base64url"),
    SLUICE_PUBLIC_URL: `http://127.0.0.1:${port}`,
  };
  one = await openOauthWorld({ ...shared, SLUICE_PORT: port });
  two = await openOauthWorld(shared);
});
after(async () => {
  await two.close();
  await one.close();
});

test("a client that was connected at one node is served and renewed by the other", async () => {
  const ada = await one.newPerson({ [one.workspace]: "owner" });
  const { access, refresh, clientId } = await connect(one, ada);
  assert.equal((await call(two, access)).status, 200);
  const form = { grant_type: "refresh_token", client_id: clientId, refresh_token: refresh };
  const renewed = (await (await token(two, form)).json()) as { readonly access_token: string };
  assert.equal((await call(one, renewed.access_token)).status, 200);
});

const hello = ask("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
});

/** Posts to `/mcp` of a node. */
function post(node: OauthWorld, bearer: string, body: object, session?: string): Promise<Response> {
  return fetch(`${node.url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(session !== undefined && { "mcp-session-id": session }),
    },
    body: JSON.stringify(body),
  });
}

test("what is revoked at one node is refused there at once and by the other within a second, streams and calls included", async (t) => {
  await asking(one.url, one.key)(createEndpoint, { name: "awaited", targetUrl: one.sluice.echoUrl });
  const ada = await one.newPerson({ [one.workspace]: "owner" });
  const { access } = await connect(one, ada, { resource: `${one.sluice.publicUrl}/mcp` });
  const session = (await post(one, access, hello)).headers.get("mcp-session-id") ?? "";
  const wait = { name: "wait_for_webhook", arguments: { endpointId: "awaited", timeoutSeconds: 60 } };
  const goingOn = async (node: OauthWorld, name: string): Promise<Record<string, Promise<unknown>>> => {
    const stream = await readEvents(new URL(`${node.url}/mcp`), {
      headers: { authorization: `Bearer ${access}`, accept: "text/event-stream", "mcp-session-id": session },
    });
    assert.equal(stream.status, 200);
    const isOver = async (): Promise<void> => {
      while ((await stream.next()) !== undefined);
    };
    const answered = async (): Promise<void> =>
      assert.equal((await post(node, access, ask("tools/call", wait), session)).status, 401);
    return { [`the stream at ${name}`]: isOver(), [`the call at ${name}`]: answered() };
  };
  const both = { ...(await goingOn(one, "this node")), ...(await goingOn(two, "the other")) };
  assert.equal((await post(two, access, ask("ping"), session)).status, 200);
  const { grant = "" } = (await one.sluice.engines.identity.token(access)) ?? {};
  await one.sluice.engines.identity.revoke(grant);
  const revokedAt = performance.now();
  const refused = eventually("the token refused by the other node", async () =>
    (await post(two, access, ask("ping"), session)).status === 401 ? true : undefined,
  );
  assert.equal((await post(one, access, ask("ping"), session)).status, 401);
  await inForce(t, revokedAt, { ...both, "the token refused by the other": refused });
});

test("a client that gives its token back at one node is refused by the other within a second", async (t) => {
  const ada = await one.newPerson({ [one.workspace]: "owner" });
  const { access, refresh, clientId } = await connect(one, ada);
  assert.equal((await call(two, access)).status, 200);
  const form = new URLSearchParams({ client_id: clientId, token: refresh });
  assert.equal((await fetch(`${one.url}/oauth/revoke`, { method: "POST", body: form })).status, 200);
  const revokedAt = performance.now();
  const refused = eventually("the token refused by the other node", async () =>
    (await call(two, access)).status === 401 ? true : undefined,
  );
  await inForce(t, revokedAt, { "the token refused by the other": refused });
});
