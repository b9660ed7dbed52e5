import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { setEndpointSecret } from "../../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { engines } from "./engines.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { exampleSecret, retryingProvider } from "./provider.ts";
import { startServer } from "./server-process.ts";
import { startTarget } from "./target.ts";

const copies = 100;

for (const engine of engines)
  describe(engine.name, () => {
    test(`of ${copies} copies of an event that come at once one is delivered, and each other is its duplicate`, async (t) => {
      const target = await startTarget(t);
      const { tables, ...place } = await engine.prepare(t);
      const server = await startServer(t, place);
      const { id: endpointId, ingestUrl } = await server.ask(createEndpoint, {
        name: "stormy",
        targetUrl: target.url,
        provider: "github",
      });
      await server.ask(setEndpointSecret, { endpointId, secret: exampleSecret });
      for (const event of ["first storm", "second storm"]) {
        const provider = retryingProvider(() => ingestUrl, true);
        const answers = await Promise.all(Array.from({ length: copies }, () => provider.send(event)));
        const [accepted, ...others] = answers.filter(({ duplicate }) => !duplicate);
        assert.ok(accepted);
        assert.deepEqual(others, []);
        await assertNothingLost(
          { server, tables, target },
          answers.map(({ id }) => id),
        );
        assert.equal(target.times(accepted.id), 1);
        for (const { id } of answers.filter(({ duplicate }) => duplicate).slice(0, 10)) {
          const { state, duplicateOf } = await server.ask(getLogDetail, { logId: id });
          assert.deepEqual([state, duplicateOf], ["duplicate", accepted.id]);
        }
      }
      const account = await assertNothingLost({ server, tables, target }, []);
      const total = 2 * copies;
      assert.partialDeepStrictEqual(account, { received: total, delivered: 2, duplicate: total - 2 });
      assert.equal(target.seen.length, 2);
    });
  });
