import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { engines } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { faulty } from "./faulty.ts";
import { movedClock } from "./moved-clock.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { acceptedAll } from "./senders.ts";
import { freshFolder, startServer } from "./server-process.ts";
import { startTarget } from "./target.ts";

const allowed = "127.0.0.1";
/** A neighbour on the same machine that deliveries may not reach. */
const inner = "127.0.0.2";

for (const engine of engines)
  describe(engine.name, () => {
    test("a name that turns to an inner address after it was allowed gets no byte there, and its webhook later", async (t) => {
      const target = await startTarget(t);
      target.behave((response) => response.writeHead(200, { connection: "close" }).end());
      const { port } = new URL(target.url);
      let reached = 0;
      const neighbour = createServer(() => reached++);
      neighbour.on("connection", () => reached++);
      await new Promise<void>((resolve) => neighbour.listen(Number(port), inner, resolve));
      t.after(() => neighbour.close());

      const names = join(await freshFolder(t), "address");
      writeFileSync(names, allowed);
      const clock = await movedClock(t);
      const { tables, ...place } = await engine.prepare(t);
      const server = await startServer(t, { ...place, command: faulty(clock.fault, `names=${names}`) });
      const targetUrl = `http://hooks.fake-target.dev:${port}/hook`;
      const { ingestUrl } = await server.ask(createEndpoint, { name: "rebound", targetUrl });
      const [before = ""] = await acceptedAll(ingestUrl, 1);
      const scene = { server, tables, target };
      await assertNothingLost(scene, [before]);

      writeFileSync(names, inner);
      const [during = ""] = await acceptedAll(ingestUrl, 1);
      const refused = await eventually("the refusal", async () => {
        const log = await server.ask(getLogDetail, { logId: during });
        return log.attempts.length > 0 ? log : undefined;
      });
      assert.partialDeepStrictEqual(refused, { state: "pending", attempts: [{ error: "address_refused" }] });
      assert.deepEqual([reached, target.times(during)], [0, 0]);
      writeFileSync(names, allowed);
      clock.move(60_000);
      const [after = ""] = await acceptedAll(ingestUrl, 1);
      await assertNothingLost(scene, [before, during, after]);
      assert.equal(reached, 0);
    });
  });
