import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { updateEndpoint } from "../../src/planes/webhooks/operations/update-endpoint.ts";
import { engines } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { killRounds } from "./kill-rounds.ts";
import { killUnderLoad } from "./kill-under-load.ts";
import { acceptedAll } from "./senders.ts";
import { startServer } from "./server-process.ts";
import { startTarget } from "./target.ts";

// A start takes a second: the many rounds are those of the night.
killRounds(10);
killUnderLoad(3);

for (const engine of engines)
  describe(engine.name, () => {
    test("an event whose delivery job is deleted by hand is missing from the account, and is named", async (t) => {
      const prepared = await engine.prepare(t);
      const target = await startTarget(t);
      const first = await startServer(t, prepared);
      const { ingestUrl } = await first.ask(createEndpoint, { name: "plain", targetUrl: target.url });
      await first.ask(updateEndpoint, { endpointId: "plain", isActive: false });
      const [kept = "", lost = ""] = await acceptedAll(ingestUrl, 2);
      const whole = await first.ask(accountForWebhooks, {});
      assert.partialDeepStrictEqual(whole, { received: 2, pending: 2, remainder: 0, unaccounted: [] });
      await first.stop();
      assert.equal(await prepared.tables.deleteJob(lost), 1);

      const second = await startServer(t, prepared);
      const account = await second.ask(accountForWebhooks, {});
      assert.partialDeepStrictEqual(account, { pending: 1, remainder: 1, unaccounted: [lost] });
      await second.ask(updateEndpoint, { endpointId: "plain", isActive: true });
      await eventually("the other event delivered", async () =>
        (await second.ask(getLogDetail, { logId: kept })).state === "delivered" ? true : undefined,
      );
      assert.equal(target.times(lost), 0);
      assert.partialDeepStrictEqual(await second.ask(accountForWebhooks, {}), { delivered: 1, remainder: 1 });
    });
  });
