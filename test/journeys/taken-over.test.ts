import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { durablePostgres } from "../postgres-server.ts";
import { postgresTables, type Tables } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { arm, faulty, said, stoppedMark } from "./faulty.ts";
import { deliveredTimes, follow } from "./follower.ts";
import { accountFor, assertNothingLost, settled } from "./nothing-lost.ts";
import { acceptedAll } from "./senders.ts";
import { freshFolder, isReady, serve, startServer, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget } from "./target.ts";

/** No secret: what both nodes seal with. */
const vaultKeys = "ExampleExampleExampleExampleExampleExample0";
const webhooks = 5;

/** A database, a node on it that has an endpoint, and how to start a second one that shares nothing but the database. */
async function sceneOf(t: TestContext, ...faults: readonly string[]) {
  const url = await (await durablePostgres()).newDatabase();
  const environment = { SLUICE_DATABASE_URL: url, SLUICE_VAULT_KEYS: vaultKeys };
  const start = async (command: readonly string[]) =>
    startServer(t, { folder: await freshFolder(t), environment, command });
  const target = await startTarget(t);
  const first = await start(faulty(...faults));
  const { ingestUrl } = await first.ask(createEndpoint, {
    name: "taken over",
    targetUrl: target.url,
    // No attempt is over before the test says so.
    timeoutSeconds: 120,
  });
  return { url, tables: postgresTables(url), target, first, ingestUrl, startSecond: () => start(serve) };
}

/** The node at work on all webhooks: the target has their requests and answers none before `answer` is called. */
async function inMidAttempt(t: TestContext) {
  const scene = await sceneOf(t);
  const { target, ingestUrl } = scene;
  const mayAnswer = Promise.withResolvers<void>();
  target.behave((response, delivered) => mayAnswer.promise.then(() => accepting(response, delivered)));
  const accepted = await acceptedAll(ingestUrl, webhooks);
  await eventually("every request at the target", async () =>
    target.seen.length === webhooks ? true : undefined,
  );
  return { ...scene, accepted, answer: mayAnswer.resolve };
}

/** The node stands still while its third record of an attempt is on its way to the disk. */
async function inMidCommit(t: TestContext) {
  const scene = await sceneOf(t, "stops-in-commit=3");
  await arm(scene.first);
  const accepted = await acceptedAll(scene.ingestUrl, webhooks);
  await said(scene.first, stoppedMark);
  return { ...scene, accepted };
}

type Scene = Awaited<ReturnType<typeof inMidCommit>>;

/** The other node works off everything; each event is seen to become delivered once, by a reader that follows all along. */
async function takeOver(t: TestContext, { url, tables, target, accepted, startSecond }: Scene) {
  const follower = await follow(t, url);
  target.behave(accepting);
  const second = await startSecond();
  await settled({ server: second });
  return async () => {
    const account = await assertNothingLost({ server: second, tables, target }, accepted);
    const given = await follower.end();
    assert.deepEqual(given, await follower.fromTheBeginning(), "the reader missed nothing");
    const delivered = deliveredTimes(given);
    assert.equal(delivered.size, account.received);
    for (const [event, times] of delivered) assert.equal(times, 1, `${event} became delivered so many times`);
  };
}

/** How many attempts at each event there are in the end. */
async function attemptsRecorded(tables: Tables, events: readonly string[], count: number): Promise<void> {
  await eventually(`${count} attempts recorded at each event`, async () => {
    const stored = await tables.events();
    return events.every((event) => stored.get(event) === count) ? true : undefined;
  });
}

// They wait most of the time, for a silent node to be taken for gone.
describe(
  "PostgreSQL: what a node was at work on is taken over by another process",
  { concurrency: true },
  () => {
    test("when it is killed in the middle of attempts: each is made once more and nothing is lost", async (t) => {
      const scene = await inMidAttempt(t);
      assert.equal((await scene.first.kill()).signal, "SIGKILL");
      await (
        await takeOver(t, scene)
      )();
      const { target, accepted, tables } = scene;
      await attemptsRecorded(tables, accepted, 1);
      for (const event of accepted) assert.equal(target.times(event), 2);
    });

    test("when it is killed in the middle of a commit: what was under way is there once, or done again", async (t) => {
      const scene = await inMidCommit(t);
      assert.equal((await scene.first.kill()).signal, "SIGKILL");
      await (
        await takeOver(t, scene)
      )();
      await attemptsRecorded(scene.tables, scene.accepted, 1);
    });

    test("when it is stopped in the middle of attempts: what it reports when it goes on ends nothing again", async (t) => {
      const scene = await inMidAttempt(t);
      const { first, target, accepted, tables } = scene;
      first.send("SIGSTOP");
      const check = await takeOver(t, scene);
      scene.answer();
      await goesOn(first);
      // What came of the overtaken attempts is told as well.
      await attemptsRecorded(tables, accepted, 2);
      for (const event of accepted) assert.equal(target.times(event), 2);
      await check();
    });

    test("when it is stopped in the middle of a commit: it goes on as one of two, and nothing is lost", async (t) => {
      const scene = await inMidCommit(t);
      const { first, tables, target } = scene;
      const check = await takeOver(t, scene);
      await goesOn(first);
      const after = await acceptedAll(scene.ingestUrl, webhooks);
      await assertNothingLost({ server: first, tables, target }, after);
      await check();
    });
  },
);

/** The node goes on, and answers as before. */
async function goesOn(first: ServerProcess): Promise<void> {
  first.send("SIGCONT");
  await eventually("the node that was stopped is ready again", async () =>
    (await isReady(first.url)) ? true : undefined,
  );
  assert.equal((await accountFor({ server: first })).remainder, 0);
}
