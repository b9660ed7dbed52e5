import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { getPlanUsage } from "../../src/planes/webhooks/operations/get-plan-usage.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { updateWorkspace } from "../../src/planes/account/operations/update-workspace.ts";
import { engines, type Engine } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { faulty } from "./faulty.ts";
import { movedClock } from "./moved-clock.ts";
import { accountFor, assertNothingLost } from "./nothing-lost.ts";
import { acceptedAll } from "./senders.ts";
import { startServer } from "./server-process.ts";
import { accepting, startTarget, type Behaviour } from "./target.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A server whose clock is moved while it runs, under a rate limit that a jump must not use up; and an endpoint of it. */
async function sceneOf(t: TestContext, engine: Engine, startsAt?: string) {
  const target = await startTarget(t);
  const clock = await movedClock(t, startsAt === undefined ? undefined : Date.parse(startsAt));
  const { tables, ...place } = await engine.prepare(t);
  const server = await startServer(t, {
    ...place,
    // A zone whose clocks go back on the last day of October.
    environment: { ...place.environment, TZ: "Europe/Berlin", SLUICE_INGEST_RATE: "100" },
    command: faulty(clock.fault),
  });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "timely", targetUrl: target.url });
  const [since, until] = [clock.now() - 10 * dayMs, clock.now() + 10 * dayMs];
  const window = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  const delivered = (id: string) =>
    eventually("its delivery", async () => {
      const log = await server.ask(getLogDetail, { logId: id });
      return log.state === "delivered" ? log : undefined;
    });
  return { target, clock, ingestUrl, delivered, scene: { server, tables, target, window } };
}

/** Fails an attempt so that the next one is due in two hours, when the endpoint is no longer held either. */
const comeInTwoHours: Behaviour = (response) =>
  response.writeHead(503, { "retry-after": String((2 * hourMs) / 1_000) }).end();

/** Sends a webhook whose first attempt fails so. */
async function waiting({ target, ingestUrl, scene }: Awaited<ReturnType<typeof sceneOf>>): Promise<string> {
  target.behave(comeInTwoHours);
  const [id = ""] = await acceptedAll(ingestUrl, 1);
  await eventually("the failed attempt", async () =>
    (await scene.server.ask(getLogDetail, { logId: id })).attempts.length === 1 ? true : undefined,
  );
  target.behave(accepting);
  return id;
}

for (const engine of engines)
  // They wait most of the time.
  describe(`${engine.name}: a clock that jumps`, { concurrency: true }, () => {
    test("forward by hours: what is due by then is delivered at once, though nothing else happens", async (t) => {
      const place = await sceneOf(t, engine);
      const id = await waiting(place);
      place.clock.move(3 * hourMs);
      await place.delivered(id);
      assert.equal(place.target.times(id), 2);
      const after = await acceptedAll(place.ingestUrl, 20);
      await assertNothingLost(place.scene, [id, ...after]);
    });

    test("back by hours: what comes then is delivered at once, and a retry waits for its own time", async (t) => {
      const place = await sceneOf(t, engine);
      const before = await acceptedAll(place.ingestUrl, 20);
      await assertNothingLost(place.scene, before);
      place.clock.move(-5 * hourMs);
      const during = await acceptedAll(place.ingestUrl, 20);
      await assertNothingLost(place.scene, [...before, ...during]);

      const id = await waiting(place);
      place.clock.move(-5 * hourMs);
      assert.partialDeepStrictEqual(await accountFor(place.scene), { pending: 1 });
      assert.equal(place.target.times(id), 1);
      place.clock.move(10 * hourMs);
      const log = await place.delivered(id);
      assert.deepEqual(
        log.attempts.map(({ attempt }) => attempt).toSorted((a, b) => a - b),
        [1, 2],
      );
      const after = await acceptedAll(place.ingestUrl, 20);
      await assertNothingLost(place.scene, [...before, ...during, id, ...after]);
    });

    test("over the end of summer time and of the month, and back: every month counts its own", async (t) => {
      // 02:30 in Berlin, for the first time.
      const place = await sceneOf(t, engine, "2027-10-31T00:30:00.000Z");
      const { server } = place.scene;
      await server.ask(updateWorkspace, { plan: { eventsPerMonth: 30 } });
      const used = async () => (await server.ask(getPlanUsage, {})).events.used;
      const first = await acceptedAll(place.ingestUrl, 20);
      // 02:30 in Berlin, for the second time.
      place.clock.move(hourMs);
      const second = await acceptedAll(place.ingestUrl, 10);
      await assertNothingLost(place.scene, [...first, ...second]);
      assert.equal(await used(), 30);

      const over = await acceptedAll(place.ingestUrl, 5);
      assert.partialDeepStrictEqual(await accountFor(place.scene), { received: 35, pending: 5 });
      place.clock.move(23 * hourMs);
      const november = await acceptedAll(place.ingestUrl, 3);
      const known = [...first, ...second, ...over, ...november];
      await assertNothingLost(place.scene, known);
      assert.equal(await used(), 3);

      place.clock.move(-23 * hourMs);
      assert.equal(await used(), 35);
      const held = await acceptedAll(place.ingestUrl, 1);
      assert.partialDeepStrictEqual(await accountFor(place.scene), { received: 39, pending: 1 });
      place.clock.move(23 * hourMs);
      await assertNothingLost(place.scene, [...known, ...held]);
    });
  });
