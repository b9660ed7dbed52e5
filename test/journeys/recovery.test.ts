import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { engines } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { arm, faulty } from "./faulty.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { acceptedAll, sendAll } from "./senders.ts";
import { isReady, startServer } from "./server-process.ts";
import { accepting, startTarget } from "./target.ts";

const webhooks = 30;

for (const engine of engines)
  describe(engine.name, () => {
    test("while others lock what is stored webhooks are answered 503; afterwards 200, without a restart", async (t) => {
      const target = await startTarget(t);
      const { tables, ...place } = await engine.prepare(t);
      const server = await startServer(t, place);
      const { ingestUrl } = await server.ask(createEndpoint, { name: "locked out", targetUrl: target.url });
      const scene = { server, tables, target };
      const before = await acceptedAll(ingestUrl, webhooks);
      await assertNothingLost(scene, before);
      await tables.whileLocked(async () => {
        assert.partialDeepStrictEqual(await sendAll(ingestUrl, webhooks), {
          accepted: [],
          refused: webhooks,
        });
        assert.equal(await isReady(server.url), false);
      });
      await eventually("readiness", async () => ((await isReady(server.url)) ? true : undefined));
      const after = await acceptedAll(ingestUrl, webhooks);
      await assertNothingLost(scene, [...before, ...after]);
      for (const id of [...before, ...after]) assert.equal(target.times(id), 1);
    });

    test("a delivery that is answered while others lock what is stored is recorded afterwards, and not made again", async (t) => {
      const target = await startTarget(t);
      const { tables, ...place } = await engine.prepare(t);
      const server = await startServer(t, place);
      const { ingestUrl } = await server.ask(createEndpoint, { name: "unrecorded", targetUrl: target.url });
      const mayAnswer = Promise.withResolvers<void>();
      target.behave((response, delivered) => mayAnswer.promise.then(() => accepting(response, delivered)));
      const accepted = await acceptedAll(ingestUrl, 5);
      await eventually("every request at the target", async () =>
        target.seen.length === 5 ? true : undefined,
      );
      await tables.whileLocked(async () => {
        mayAnswer.resolve();
        // Long enough that recording what came of it has failed: a webhook that comes now is refused for the same reason.
        assert.equal((await sendAll(ingestUrl, 1)).refused, 1);
      });
      await assertNothingLost({ server, tables, target }, accepted);
      for (const id of accepted) assert.equal(target.times(id), 1);
    });
  });

for (const engine of engines)
  test(`${engine.name}: a server that acknowledges what it never stores is found out`, async (t) => {
    const target = await startTarget(t);
    const { tables, ...place } = await engine.prepare(t);
    const server = await startServer(t, { ...place, command: faulty("forgetful") });
    const { ingestUrl } = await server.ask(createEndpoint, { name: "forgotten", targetUrl: target.url });
    const accepted = await acceptedAll(ingestUrl, 1);
    await assert.rejects(
      assertNothingLost({ server, tables, target }, accepted),
      /was acknowledged and is not stored/,
    );
  });

test("a writer thread that dies in a commit costs no acknowledged webhook, and the next one takes over", async (t) => {
  const [embedded] = engines;
  assert.ok(embedded);
  const target = await startTarget(t);
  const { tables, ...place } = await embedded.prepare(t);
  const server = await startServer(t, { ...place, command: faulty("loses-writer=10") });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "bereaved", targetUrl: target.url });
  const before = await acceptedAll(ingestUrl, webhooks);
  await arm(server);
  const under = await sendAll(ingestUrl, webhooks);
  assert.ok(under.refused > 0, "the writer was lost while webhooks were on their way to it");
  await eventually("readiness", async () => ((await isReady(server.url)) ? true : undefined));
  const after = await acceptedAll(ingestUrl, webhooks);
  const acknowledged = [...before, ...under.accepted, ...after];
  await assertNothingLost({ server, tables, target }, acknowledged);
  for (const id of acknowledged) assert.equal(target.times(id), 1);
});
