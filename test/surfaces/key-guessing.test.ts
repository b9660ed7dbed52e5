import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { serverScope } from "../../src/registry/workspace.ts";
import { openOauthWorld, type OauthWorld } from "./oauth-world.ts";

const failuresPerMinute = 60;
const minuteMs = 60_000;
const wrong = `mk_${"Fake".repeat(12)}`;

/** A new server with a whole minute before it, so that no window ends while it is tried. */
async function served(t: TestContext): Promise<OauthWorld> {
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 1) });
  const world = await openOauthWorld();
  t.after(() => world.close());
  return world;
}

const asked = ({ url }: OauthWorld, key: string, path = "/api/v1/endpoints") =>
  fetch(url + path, { headers: { authorization: `Bearer ${key}` } });

test("sixty wrong keys a minute are told what is wrong, and every one after that is 429, at whatever address", async (t) => {
  const world = await served(t);
  const statuses: number[] = [];
  for (let n = 0; n < failuresPerMinute; n++) statuses.push((await asked(world, wrong)).status);
  assert.deepEqual(new Set(statuses), new Set([401]));
  for (const path of ["/api/v1/endpoints", "/mcp", "/api/v1/whoami"]) {
    const refused = await asked(world, wrong, path);
    assert.equal(refused.status, 429, path);
    const wait = Number(refused.headers.get("retry-after"));
    assert.ok(wait > 0 && wait <= 60, `${wait} s`);
    assert.doesNotMatch(await refused.text(), /not known|mistyped|revoked|expired/);
  }
  const audit = await world.sluice.engines.store.audit.list(serverScope, {
    limit: 10,
    where: { operation: "credentials_locked_out" },
  });
  assert.equal(audit.length, 1);

  assert.equal((await asked(world, world.key)).status, 200, "who has a key is not kept out by who guesses");
  assert.equal((await fetch(`${world.url}/api/v1/endpoints`)).status, 401, "nor is who sends none");
  t.mock.timers.tick(minuteMs);
  assert.equal((await asked(world, wrong)).status, 401, "the next minute begins anew");
});
