import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { engines, type Engine } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { arm, faulty, said, stoppedMark } from "./faulty.ts";
import { movedClock } from "./moved-clock.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { acceptedAll } from "./senders.ts";
import { startServer, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget } from "./target.ts";

/** Longer than the server waits for a commit: it finds its writer overdue when it goes on. */
const stoppedMs = 6_000;

/** A server whose clock can be moved, with further faults; and an endpoint of it. */
async function sceneOf(t: TestContext, engine: Engine, ...faults: readonly string[]) {
  const target = await startTarget(t);
  const clock = await movedClock(t);
  const { tables, ...place } = await engine.prepare(t);
  const server = await startServer(t, { ...place, command: faulty(clock.fault, ...faults) });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "stopped", targetUrl: target.url });
  return { target, clock, tables, server, ingestUrl };
}

/** Lets the process go on, again and again: it may not have stopped yet. */
function continued(server: ServerProcess, what: string, look: () => Promise<boolean>): Promise<true> {
  return eventually(what, async () => {
    server.send("SIGCONT");
    return (await look()) ? true : undefined;
  });
}

for (const engine of engines)
  // They wait most of the time.
  describe(
    `${engine.name}: a server that is stopped for longer than its leases last`,
    { concurrency: true },
    () => {
      test("while targets work on deliveries makes those again once it goes on, and ends none twice", async (t) => {
        const { target, clock, tables, server, ingestUrl } = await sceneOf(t, engine);
        const mayAnswer = Promise.withResolvers<void>();
        target.behave((response, delivered) => mayAnswer.promise.then(() => accepting(response, delivered)));
        const accepted = await acceptedAll(ingestUrl, 5);
        await eventually("every request at the target", async () =>
          target.seen.length === 5 ? true : undefined,
        );
        server.send("SIGSTOP");
        await tables.lapseLeases(clock);
        target.behave(accepting);
        mayAnswer.resolve();
        await continued(server, "every delivery made again", async () => target.seen.length >= 10);

        const account = await assertNothingLost({ server, tables, target }, accepted);
        assert.partialDeepStrictEqual(account, { received: 5, delivered: 5 });
        for (const id of accepted) {
          // What came of the overtaken attempt is told as well.
          const { attempts } = await server.ask(getLogDetail, { logId: id });
          assert.deepEqual([target.times(id), attempts.length], [2, 2]);
        }
      });

      test("while an attempt is being recorded loses and repeats nothing, however it went", async (t) => {
        const { target, clock, tables, server, ingestUrl } = await sceneOf(t, engine, "stops-in-commit=3");
        await arm(server);
        const accepted = await acceptedAll(ingestUrl, 5);
        await said(server, stoppedMark);
        await tables.lapseLeases(clock);
        await sleep(stoppedMs);
        await continued(server, "every delivery", async () => accepted.every((id) => target.times(id) > 0));

        const account = await assertNothingLost({ server, tables, target }, accepted);
        assert.partialDeepStrictEqual(account, { received: 5, delivered: 5 });
        const after = await acceptedAll(ingestUrl, 5);
        await assertNothingLost({ server, tables, target }, after);
      });
    },
  );
