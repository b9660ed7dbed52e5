import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { setEndpointSecret } from "../../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { engines, type Engine, type Prepared } from "./engines.ts";
import { arm, diedAt, faulty } from "./faulty.ts";
import { assertNothingLost, settled } from "./nothing-lost.ts";
import { exampleSecret, retryingProvider, type Provider } from "./provider.ts";
import { serve, startServer, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget, type Target } from "./target.ts";

const eventsPerRound = 6;
/** Servers that start all at once are slow to start. */
const pointsAtOnce = 3;

/** A point at which the server is killed, and how a round gets there. */
type Point = {
  readonly command: (nth: number) => readonly string[];
  /** Lets the server come to it, at the nth time. */
  readonly arrange: (server: ServerProcess, target: Target, nth: number) => Promise<void> | void;
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
  /** What became of the event at which the server killed itself; undefined if it was killed from outside. */
  readonly last: Last | undefined;
};

type Last = {
  /** Before the server was gone. */
  readonly isAcknowledged: boolean;
  /** The attempts recorded in the end; undefined = the event is not stored. */
  readonly attempts: number | undefined;
  /** How often the target has seen it. */
  readonly times: number;
};

const points: Readonly<Record<string, Point>> = {
  "before the commit of an event": {
    command: (nth) => faulty(`dies-before-commit=${nth}`),
    arrange: arm,
    proof({ last }) {
      const nothing = { isAcknowledged: false, attempts: undefined, times: 0 };
      assert.deepEqual(last, nothing, "nothing is known of it but what the provider sent again");
    },
  },
  "in the commit of an event": {
    command: (nth) => faulty(`dies-in-commit=${nth}`),
    arrange: arm,
    proof({ signed, storedTwice, duplicates, last }) {
      assert.ok(last !== undefined && !last.isAcknowledged, "the commit was under way and not answered");
      // All of it is there, or nothing: the event, its delivery and the key that makes the second try a duplicate.
      if (last.attempts === undefined) assert.equal(last.times, 0);
      else assert.ok(last.attempts >= 1 && (signed ? duplicates : storedTwice) >= 1);
      assert.equal(signed ? storedTwice : duplicates, 0);
    },
  },
  "in the commit that records an attempt": {
    command: (nth) => faulty(`dies-in-record=${nth}`),
    arrange: arm,
    proof({ last }) {
      assert.ok(last !== undefined, "a record was under way");
      // It is there and ends the job, or is not and the job is done again: never both.
      assert.equal(last.attempts, 1);
      assert.ok(last.times === 1 || last.times === 2, `delivered ${last.times} times`);
    },
  },
  "after the commit and before the answer to the sender": {
    command: (nth) => faulty(`dies-after-commit=${nth}`),
    arrange: arm,
    proof({ signed, storedTwice, duplicates }) {
      // What was durable and not answered is sent again: known as a duplicate if it says which event it is.
      assert.ok((signed ? duplicates : storedTwice) >= 1, "an event was committed and not answered");
      assert.equal(signed ? storedTwice : duplicates, 0);
    },
  },
  "while the target works on a delivery": {
    command: () => serve,
    arrange(server, target, nth) {
      let requests = 0;
      target.behave((response, delivered) => {
        if (++requests === nth) server.send("SIGKILL");
        else accepting(response, delivered);
      });
    },
    proof: ({ unrecorded }) => assert.ok(unrecorded >= 1, "the delivery under way was made again"),
  },
  "after the target's answer and before it is recorded": {
    command: (nth) => faulty(`dies-after-answer=${nth}`),
    arrange: arm,
    proof: ({ unrecorded }) => assert.ok(unrecorded >= 1, "the answered delivery was made again"),
  },
};

/** Kills a server at each named point so many times; each time another one takes over what it left. */
export function killRounds(rounds: number): void {
  for (const engine of engines)
    // Most of a round is waiting for the server to start.
    describe(`${engine.name}: a server killed with kill -9`, { concurrency: pointsAtOnce }, () => {
      for (const [name, point] of Object.entries(points))
        test(`${name} delivers every event that it acknowledged, ${rounds} times over`, async (t) => {
          const place = await placeOf(t, engine);
          let server = await place.start(point.command(1));
          const paths = {
            plain: await endpointPath(server, place.target, false),
            signed: await endpointPath(server, place.target, true),
          };
          for (let round = 1; round <= rounds; round++) {
            const signed = round % 2 === 0;
            const path = signed ? paths.signed : paths.plain;
            server = await killOnce(place, server, { point, round, signed, path });
          }
          assert.equal((await server.stop()).code, 0);
        });
    });
}

type Place = {
  readonly prepared: Prepared;
  readonly target: Target;
  start(command: readonly string[]): Promise<ServerProcess>;
};

async function placeOf(t: TestContext, engine: Engine): Promise<Place> {
  const prepared = await engine.prepare(t);
  return {
    prepared,
    target: await startTarget(t),
    start: (command) => startServer(t, { ...prepared, command }),
  };
}

type Kill = {
  readonly point: Point;
  readonly round: number;
  readonly signed: boolean;
  readonly path: string;
};

/** The server is killed at the point; answers the next one, which has delivered everything and may be killed in turn. */
async function killOnce(
  { prepared: { tables }, target, start }: Place,
  first: ServerProcess,
  { point, round, signed, path }: Kill,
): Promise<ServerProcess> {
  const before = await first.ask(accountForWebhooks, {});
  let server = first;
  await point.arrange(server, target, nthOf(round));
  const provider = retryingProvider(() => `${server.url}${path}`, signed);
  const events = Array.from({ length: eventsPerRound }, (_, n) => `round-${round}-event-${n}`);
  const sending = Promise.all(events.map((event) => provider.send(event)));
  assert.equal((await first.ended).signal, "SIGKILL");
  const acknowledgedBefore = new Map(provider.acknowledged);
  target.behave(accepting);
  server = await start(point.command(nthOf(round + 1)));
  await sending;
  for (const [event, { id }] of acknowledgedBefore)
    assert.equal(provider.acknowledged.get(event)?.id, id, "what was answered 200 is not sent again");

  const acknowledged = [...provider.acknowledged.values()].map(({ id }) => id);
  await settled({ server });
  const stored = await tables.events();
  const after = await assertNothingLost({ server, tables, target }, acknowledged);
  const duplicates = after.duplicate - before.duplicate;
  const unrecorded = acknowledged.map((id) => Math.max(0, target.times(id) - (stored.get(id) ?? 0)));
  point.proof({
    signed,
    duplicates,
    storedTwice: after.received - before.received - duplicates - eventsPerRound,
    unrecorded: unrecorded.reduce((sum, times) => sum + times, 0),
    last: lastOf(diedAt(first), acknowledgedBefore, stored, target),
  });
  return server;
}

function lastOf(
  event: string | undefined,
  acknowledged: Provider["acknowledged"],
  stored: ReadonlyMap<string, number>,
  target: Target,
): Last | undefined {
  if (event === undefined) return undefined;
  return {
    isAcknowledged: acknowledged.values().some(({ id }) => id === event),
    attempts: stored.get(event),
    times: target.times(event),
  };
}

/** Every one of the events is the one at which it happens, in turn. */
function nthOf(round: number): number {
  return 1 + ((round - 1) % eventsPerRound);
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
