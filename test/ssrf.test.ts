import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bypassNames, bypassUrls } from "../src/engines/outbound/bypass-cases.ts";
import { ownListeners } from "../src/engines/outbound/own-listeners.ts";
import { undiciOutbound } from "../src/engines/outbound/undici.ts";
import { Failure } from "../src/kernel/failure.ts";
import { createEndpoint } from "../src/planes/webhooks/operations/create-endpoint.ts";
import { updateEndpoint } from "../src/planes/webhooks/operations/update-endpoint.ts";
import { openRunningWorld, type RunningWorld } from "./running-world.ts";

// Nothing is allowed here beyond public addresses, and names resolve as an attacker would have them.

const publicName = "public.fake-dns.com";
/** Public when the endpoint is made, this machine when a webhook is to be delivered. */
const turning = "turning.fake-dns.com";

describe("targets that lead inside", () => {
  let world: RunningWorld;
  let workspace: string;
  let lookups = 0;

  before(async () => {
    const lookup = async (name: string): Promise<readonly string[]> => {
      if (name === turning) return lookups++ === 0 ? ["93.184.216.34"] : ["127.0.0.1"];
      return bypassNames[name]?.[0] ?? ["93.184.216.34"];
    };
    world = await openRunningWorld((engines) => {
      const { clock } = engines;
      return { ...engines, outbound: undiciOutbound({ allow: [], own: ownListeners(), clock, lookup }) };
    });
    workspace = await world.newWorkspace();
  });
  after(() => world.close());

  const targets = [...bypassUrls, ...Object.keys(bypassNames).map((name) => `http://${name}/`)];

  test("no endpoint is made for any of them, each with the place and a hint, and nothing is left behind", async () => {
    world.mark();
    for (const targetUrl of targets)
      await assert.rejects(
        () => world.call(workspace, createEndpoint, { name: "inside", targetUrl }),
        (error) =>
          error instanceof Failure &&
          error.kind === "invalid" &&
          error.detail.pointer === "/targetUrl" &&
          error.detail.hint !== undefined,
        targetUrl,
      );
    assert.deepEqual(world.leftBehind(), {});
  });

  test("no endpoint is turned to any of them", async () => {
    const { id } = await world.endpointIn(workspace, { targetUrl: `https://${publicName}/` });
    world.mark();
    for (const targetUrl of targets)
      await assert.rejects(
        () => world.call(workspace, updateEndpoint, { endpointId: id, targetUrl }),
        (error) => error instanceof Failure && error.detail.pointer === "/targetUrl",
        targetUrl,
      );
    assert.deepEqual(world.leftBehind(), {});
  });

  test("a name that turned inside after the endpoint was made is refused at the connect, and the log says so", async () => {
    const endpoint = await world.endpointIn(workspace, {
      targetUrl: `http://${turning}:8080/`,
      maxAttempts: 1,
    });
    const { id } = await world.arrive(endpoint);
    const ending = await world.endingOf(workspace, id);
    assert.equal(ending.ending, "failed");
    assert.equal(ending.error, "address_refused");
    assert.equal(ending.status, null);
  });
});
