import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { engines } from "./engines.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { retryingProvider } from "./provider.ts";
import { startServer } from "./server-process.ts";
import { startTarget } from "./target.ts";

const senders = 16;
const killedWithinMs = 1_000;

/** Kills a server with kill -9 so many times, at any moment, while senders are at work and do not stop for it. */
export function killUnderLoad(rounds: number): void {
  for (const engine of engines)
    test(`${engine.name}: kill -9 at any moment under load costs nothing acknowledged, ${rounds} times over`, async (t) => {
      const target = await startTarget(t);
      const { tables, ...place } = await engine.prepare(t);
      let server = await startServer(t, place);
      const { ingestUrl } = await server.ask(createEndpoint, { name: "loaded", targetUrl: target.url });
      const { pathname } = new URL(ingestUrl);
      const known: string[] = [];
      for (let round = 1; round <= rounds; round++) {
        const provider = retryingProvider(() => `${server.url}${pathname}`, false);
        let sending = true;
        const sender = async (_: unknown, number: number) => {
          for (let n = 1; sending; n++) await provider.send(`${round}-${number}-${n}`);
        };
        const load = Promise.all(Array.from({ length: senders }, sender));
        const momentMs = randomInt(killedWithinMs);
        t.diagnostic(`round ${round}: killed after ${momentMs} ms`);
        await sleep(momentMs);
        await server.kill();
        server = await startServer(t, place);
        sending = false;
        await load;
        known.push(...[...provider.acknowledged.values()].map(({ id }) => id));
        const account = await assertNothingLost({ server, tables, target }, known);
        assert.ok(account.delivered >= known.length);
      }
    });
}
