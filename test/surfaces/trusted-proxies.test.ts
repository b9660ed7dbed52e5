import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { config } from "../../src/config.ts";
import { serverScope } from "../../src/registry/workspace.ts";
import { openOauthWorld, type OauthWorld } from "./oauth-world.ts";

const failuresPerMinute = 60;
const wrong = `mk_${"Fake".repeat(12)}`;

async function served(t: TestContext, trusted: string): Promise<OauthWorld> {
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 1) });
  const world = await openOauthWorld({ SLUICE_TRUSTED_PROXIES: trusted });
  t.after(() => world.close());
  return world;
}

/** Tries a wrong key, as a proxy passes it on that says this of where it took it from. */
async function tried({ url }: OauthWorld, forwardedFor: string, path = "/api/v1/endpoints"): Promise<number> {
  const headers = { authorization: `Bearer ${wrong}`, "x-forwarded-for": forwardedFor };
  return (await fetch(url + path, { headers })).status;
}

async function lockOut(world: OauthWorld, forwardedFor: (n: number) => string): Promise<void> {
  for (let n = 0; n < failuresPerMinute; n++) assert.equal(await tried(world, forwardedFor(n)), 401);
}

/** Where attempts were recorded to come from. */
async function addressesIn({ sluice }: OauthWorld): Promise<ReadonlySet<unknown>> {
  const where = { operation: "credential_refused" };
  const rows = await sluice.engines.store.audit.list(serverScope, { limit: 100, where });
  return new Set(rows.map(({ detail }) => detail["remoteAddress"]));
}

test("behind a trusted proxy each sender has limits of their own, over REST and MCP, and is who is recorded", async (t) => {
  const world = await served(t, "127.0.0.0/8, 10.0.0.0/8");
  await lockOut(world, () => "203.0.113.7");
  for (const path of ["/api/v1/endpoints", "/mcp"]) {
    assert.equal(await tried(world, "203.0.113.7", path), 429);
    assert.equal(await tried(world, "203.0.113.8", path), 401);
  }
  assert.deepEqual(await addressesIn(world), new Set(["203.0.113.7", "203.0.113.8"]));
});

test("what a sender writes into the header themselves changes nothing: the rightmost that is not trusted counts", async (t) => {
  const world = await served(t, "127.0.0.0/8,10.0.0.0/8,2001:db8:1::/48");
  await lockOut(world, (n) => `198.51.100.${n}, 127.0.0.1, 203.0.113.7`);
  for (const header of [
    "203.0.113.7",
    "192.0.2.1, 203.0.113.7, 10.1.2.3",
    "192.0.2.1,203.0.113.7:4711 , 10.1.2.3:80, [2001:db8:1::5]:443",
    "nonsense, ::ffff:203.0.113.7",
  ])
    assert.equal(await tried(world, header), 429, header);
  assert.equal(await tried(world, "203.0.113.7, 192.0.2.1"), 401);
  assert.equal(await tried(world, "2001:db8:2::1"), 401);
  // Where the proxy names no address, it is itself who asks.
  for (const header of ["203.0.113.7, unknown", "203.0.113.7,", ""])
    assert.equal(await tried(world, header), 401, header);
  const expected = ["203.0.113.7", "192.0.2.1", "2001:db8:2::1", "127.0.0.1"];
  assert.deepEqual(await addressesIn(world), new Set(expected));
});

test("whoever is no trusted proxy is who asks, whatever they say", async (t) => {
  for (const trusted of ["", "10.0.0.0/8"]) {
    const world = await served(t, trusted);
    await lockOut(world, (n) => `203.0.113.${n}`);
    assert.equal(await tried(world, "198.51.100.1"), 429);
    assert.deepEqual(await addressesIn(world), new Set(["127.0.0.1"]));
    t.mock.timers.reset();
  }
});

test("registrations are counted by sender too", async (t) => {
  const world = await served(t, "127.0.0.1/32");
  const register = async (forwardedFor: string): Promise<number> => {
    const answer = await fetch(`${world.url}/oauth/register`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": forwardedFor },
      body: JSON.stringify({ client_name: "Fake Agent", redirect_uris: ["http://127.0.0.1/callback"] }),
    });
    return answer.status;
  };
  for (let n = 0; n < 50; n++) assert.equal(await register("203.0.113.7"), 201);
  assert.equal(await register("203.0.113.7"), 429);
  assert.equal(await register("203.0.113.8"), 201);
});

test("a list that is none ends the start, with the name of the setting and an example", () => {
  for (const wrongList of ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", "::ffff:10.0.0.0/104"])
    assert.throws(() => config({ SLUICE_TRUSTED_PROXIES: wrongList }), {
      message: /SLUICE_TRUSTED_PROXIES is wrong: .*For example: SLUICE_TRUSTED_PROXIES=127\.0\.0\.1\/32/,
    });
});
