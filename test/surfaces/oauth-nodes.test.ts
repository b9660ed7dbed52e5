import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sharedPostgres } from "../postgres-server.ts";
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

test("what is revoked at one node is refused there at once, and by the other within a second", async () => {
  const ada = await one.newPerson({ [one.workspace]: "owner" });
  const { access } = await connect(one, ada);
  assert.equal((await call(two, access)).status, 200);
  const { grant = "" } = (await one.sluice.engines.identity.token(access)) ?? {};
  await one.sluice.engines.identity.revoke(grant);
  assert.equal((await call(one, access)).status, 401);
  await sleep(1_000);
  assert.equal((await call(two, access)).status, 401);
});
