// Half a million captured requests of two hours in which, or not, what one client asks of one route fails in the second hour:
// explain_errors names it first, in one call, with its share of the excess; and invents nothing where there is no fault.
import assert from "node:assert/strict";
import { randomOf, type Random } from "../../demo/traffic/random.ts";
import { capture } from "../../src/planes/traffic/capture.ts";
import { explainErrors } from "../../src/planes/traffic/operations/explain-errors.ts";
import { invoke } from "../../src/registry/invoke.ts";
import { recordOf } from "../captured.ts";
import { callerOf, openWorld, principalOf } from "../world.ts";

const requests = 500_000;
const batch = 1_000;
const spanMs = 2 * 3_600_000;
const usual = 0.0045;
const faultShare = 0.45;
const clients = ["shop-ios/5", "shop-android/5", "web/1", "erp/11"];
const routes = 66;

/** Some routes are asked much more often than others, as they are. */
function requestAt(random: Random, agoMs: number, isFaulty: boolean) {
  const route = `/v1/r${Math.floor(random() * random() * routes)}`;
  const client = clients[Math.floor(random() * clients.length)] ?? "";
  const broken = isFaulty && agoMs < spanMs / 2 && route === "/v1/r3" && client === "shop-ios/5";
  return {
    agoMs,
    method: "GET",
    target: route,
    route,
    host: `h${Math.floor(random() * 3)}.example.com`,
    ip: `203.0.113.${Math.floor(random() * 200)}`,
    status: random() < (broken ? faultShare : usual) ? 500 : 200,
    request: { headers: [["user-agent", client]] as const },
  };
}

async function explained(seed: number, isFaulty: boolean) {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const { places, take } = await capture(world.engines, async () => assert.fail("nobody is asked"));
    const place = await places.find(workspace, "production", "default");
    assert.ok(place);
    const random = randomOf(seed);
    const now = world.clock.now();
    const source = { name: "night", version: "1", service: "shop", instance: "a" };
    const nothing = { summaries: [], counted: false, dropped: { records: 0, summaries: 0, reasons: {} } };
    for (let sent = 0; sent < requests; sent += batch) {
      const records = Array.from({ length: batch }, () =>
        recordOf(requestAt(random, Math.floor(random() * spanMs), isFaulty), now),
      );
      await take(place, { id: `${seed}-${sent}`, source, records, ...nothing, receivedAt: now });
    }
    while ((await world.engines.ledger.roll(50_000)) > 0);
    const startedAt = performance.now();
    const caller = callerOf(principalOf(workspace, ["traffic:read"]));
    const answer = explainErrors.output.parse(await invoke(explainErrors, {}, caller, world.engines));
    return { answer, seconds: (performance.now() - startedAt) / 1_000 };
  } finally {
    await world.close();
  }
}

for (const seed of [1, 2]) {
  const { answer, seconds } = await explained(seed, true);
  const [first] = answer.explanations;
  const terms =
    first?.untrusted.terms.map(({ dimension, value }) => `${dimension}=${value}`).toSorted() ?? [];
  console.log(
    `fault, random numbers ${seed}: ${terms.join(" and ")}, ${((first?.share ?? 0) * 100).toFixed(0)} % of an excess of ${answer.excess}, in ${seconds.toFixed(1)} s`,
  );
  assert.deepEqual(terms, ["route=GET /v1/r3", "userAgent=shop-ios/5"]);
  assert.ok((first?.share ?? 0) > 0.85);
}
for (const seed of [3, 4]) {
  const { answer, seconds } = await explained(seed, false);
  console.log(`no fault, random numbers ${seed}: ${answer.verdict}, in ${seconds.toFixed(1)} s`);
  assert.deepEqual(answer.explanations, []);
}
