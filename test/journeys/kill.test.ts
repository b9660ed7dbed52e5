import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { setEndpointSecret } from "../../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { updateEndpoint } from "../../src/planes/webhooks/operations/update-endpoint.ts";
import { eventually } from "./eventually.ts";
import { exampleSecret, retryingProvider } from "./provider.ts";
import { freshFolder, serve, startServer, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget, type Target } from "./target.ts";

const rounds = 5;
const eventsPerRound = 6;

/** A point at which the server is killed, and how a round gets there. */
type Point = {
  readonly command: (nth: number) => readonly string[];
  /** Kills the server from outside where the point is one that the target sees. */
  readonly arrange?: (target: Target, nth: number, server: () => ServerProcess | undefined) => void;
  /** What must have been seen if the server was killed at this point and no other. */
  readonly proof: (round: Round) => void;
};

type Round = {
  readonly signed: boolean;
  /** Requests that became events, duplicates left out, more than the provider has. */
  readonly storedTwice: number;
  readonly duplicates: number;
  /** Deliveries that the target saw and nobody recorded. */
  readonly unrecorded: number;
};

const faulty = new URL("./faulty-serve.ts", import.meta.url).pathname;

const points: Readonly<Record<string, Point>> = {
  "after the commit and before the answer to the sender": {
    command: (nth) => [process.execPath, faulty, "dies-after-commit", String(nth)],
    proof({ signed, storedTwice, duplicates }) {
      // What was durable and not answered is sent again: known as a duplicate if it says which event it is.
      assert.ok((signed ? duplicates : storedTwice) >= 1, "an event was committed and not answered");
      assert.equal(signed ? storedTwice : duplicates, 0);
    },
  },
  "while the target works on a delivery": {
    command: () => serve,
    arrange(target, nth, server) {
      let requests = 0;
      target.behave((response, delivered) => {
        if (++requests === nth) server()?.send("SIGKILL");
        else accepting(response, delivered);
      });
    },
    proof: ({ unrecorded }) => assert.ok(unrecorded >= 1, "the delivery under way was made again"),
  },
  "after the target's answer and before it is recorded": {
    command: (nth) => [process.execPath, faulty, "dies-after-answer", String(nth)],
    proof: ({ unrecorded }) => assert.ok(unrecorded >= 1, "the answered delivery was made again"),
  },
};

describe("a server killed with kill -9", () => {
  for (const [name, point] of Object.entries(points))
    test(`${name} delivers every event that it acknowledged`, async (t) => {
      const folder = await freshFolder(t);
      const target = await startTarget(t);
      const setup = await startServer(t, { folder });
      const paths = {
        plain: await endpointPath(setup, target, false),
        signed: await endpointPath(setup, target, true),
      };
      await setup.stop();
      for (let round = 1; round <= rounds; round++)
        await killOnce(t, { point, round, folder, target, paths });
    });
});

type Kill = {
  readonly point: Point;
  readonly round: number;
  readonly folder: string;
  readonly target: Target;
  readonly paths: { readonly plain: string; readonly signed: string };
};

async function killOnce(t: TestContext, { point, round, folder, target, paths }: Kill): Promise<void> {
  const signed = round % 2 === 0;
  let running: ServerProcess | undefined;
  point.arrange?.(target, round, () => running);
  const started = await startServer(t, { folder, command: point.command(round) });
  running = started;
  const before = await started.ask(accountForWebhooks, {});

  const path = signed ? paths.signed : paths.plain;
  const provider = retryingProvider(() => `${running?.url}${path}`, signed);
  const events = Array.from({ length: eventsPerRound }, (_, n) => `round-${round}-event-${n}`);
  const sending = Promise.all(events.map((event) => provider.send(event)));
  assert.equal((await started.ended).signal, "SIGKILL");
  const acknowledgedBefore = new Map(provider.acknowledged);
  target.behave(accepting);
  const server = (running = await startServer(t, { folder }));
  await sending;

  for (const [event, { id }] of acknowledgedBefore)
    assert.equal(provider.acknowledged.get(event)?.id, id, "what was answered 200 is not sent again");
  const after = await settled(server);
  assert.equal(after.failed, 0);
  assert.equal(after.delivered + after.duplicate, after.received);

  let unrecorded = 0;
  for (const { id, duplicate } of provider.acknowledged.values()) {
    const acknowledged = await server.ask(getLogDetail, { logId: id });
    assert.equal(acknowledged.state, duplicate ? "duplicate" : "delivered");
    const event = acknowledged.duplicateOf ?? id;
    const { state, attempts } = await server.ask(getLogDetail, { logId: event });
    assert.equal(state, "delivered");
    const times = target.times(event);
    assert.ok(times >= 1, "the target has seen it");
    assert.ok(times <= attempts.length + 1, `${times} deliveries, ${attempts.length} recorded`);
    unrecorded += times - attempts.length;
  }
  const duplicates = after.duplicate - before.duplicate;
  const storedTwice = after.received - before.received - duplicates - eventsPerRound;
  point.proof({ signed, storedTwice, duplicates, unrecorded });
  assert.equal((await server.stop()).code, 0);
}

async function endpointPath(server: ServerProcess, target: Target, signed: boolean): Promise<string> {
  const made = await server.ask(createEndpoint, {
    name: signed ? "signed" : "plain",
    targetUrl: target.url,
    ...(signed && { provider: "github" }),
  });
  if (signed) await server.ask(setEndpointSecret, { endpointId: made.id, secret: exampleSecret });
  return new URL(made.ingestUrl).pathname;
}

/** The account of everything once nothing is pending. Nothing is ever missing from it. */
function settled(server: ServerProcess) {
  return eventually("an account without pending events", async () => {
    const account = await server.ask(accountForWebhooks, {});
    assert.equal(account.remainder, 0, `unaccounted: ${account.unaccounted.join()}`);
    return account.pending === 0 ? account : undefined;
  });
}

test("an event whose delivery job is deleted by hand is missing from the account, and is named", async (t) => {
  const folder = await freshFolder(t);
  const target = await startTarget(t);
  const first = await startServer(t, { folder });
  const path = await endpointPath(first, target, false);
  await first.ask(updateEndpoint, { endpointId: "plain", isActive: false });
  const provider = retryingProvider(() => `${first.url}${path}`, false);
  const [kept, lost] = [await provider.send("kept"), await provider.send("lost")];
  const whole = await first.ask(accountForWebhooks, {});
  assert.partialDeepStrictEqual(whole, { received: 2, pending: 2, remainder: 0, unaccounted: [] });
  await first.stop();

  const database = new DatabaseSync(join(folder, "traffic.db"));
  const { changes } = database.prepare("delete from job where id = ?").run(lost.id);
  database.close();
  assert.equal(changes, 1);

  const second = await startServer(t, { folder });
  const account = await second.ask(accountForWebhooks, {});
  assert.partialDeepStrictEqual(account, { received: 2, pending: 1, remainder: 1, unaccounted: [lost.id] });
  await second.ask(updateEndpoint, { endpointId: "plain", isActive: true });
  await eventually("the other event delivered", async () =>
    (await second.ask(getLogDetail, { logId: kept.id })).state === "delivered" ? true : undefined,
  );
  assert.equal(target.times(lost.id), 0);
  assert.partialDeepStrictEqual(await second.ask(accountForWebhooks, {}), { delivered: 1, remainder: 1 });
});
