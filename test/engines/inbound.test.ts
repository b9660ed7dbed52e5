import assert from "node:assert/strict";
import { test } from "node:test";
import { wallClock } from "../../src/kernel/clock.ts";
import { inboundConformance } from "../../src/engines/inbound/conformance.ts";
import { listenEcho } from "../../src/engines/inbound/echo.ts";
import { listen } from "../../src/engines/inbound/node-http.ts";
import { parseCidrs } from "../../src/engines/outbound/address.ts";
import { ownListeners } from "../../src/engines/outbound/own-listeners.ts";
import { undiciOutbound } from "../../src/engines/outbound/undici.ts";

inboundConformance("node:http", (world) => listen({ ...world, clock: wallClock }));

test("the echo target tells what it got, and is reached on an empty allow list", async (t) => {
  const echo = await listenEcho("127.0.0.1");
  t.after(() => echo.close());
  const own = ownListeners();
  own.addEcho("127.0.0.1", echo.port);
  const outbound = undiciOutbound({ allow: parseCidrs(""), own, clock: wallClock });
  t.after(() => outbound.close());
  const outcome = await outbound.send({
    method: "POST",
    url: `${echo.url}/hooks/orders?x=1`,
    headers: [["content-type", "application/json"]],
    body: Buffer.from('{"secret":"fake"}'),
    timeoutMs: 10_000,
    readMax: 4096,
  });
  assert.equal(outcome.kind, "answered");
  assert.equal(outcome.status, 200);
  const text = Buffer.from(outcome.body).toString();
  assert.doesNotMatch(text, /secret/);
  assert.deepEqual(JSON.parse(text), {
    received: true,
    method: "POST",
    path: "/hooks/orders?x=1",
    headers: 4,
    bodyBytes: 17,
  });
});
