import assert from "node:assert/strict";
import type { NewExchange } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { Promised } from "./promised.ts";
import { sampleExchange, sampleJob, bodyOf, plain } from "./samples.ts";

/** What `Recent` promises. */
export function recentPromises(promise: Promised): void {
  const full = (): NewExchange =>
    sampleExchange({
      parent: newExchangeId(5),
      trace: "0af7651916cd43dd8448eb211c80319c",
      status: null,
      error: "connect_refused",
      facts: { size: 3, ok: true, text: "é" },
      durationMs: 12.25,
      request: {
        headers: [
          ["X-A", "1"],
          ["x-a", "2"],
          ["X-Ü", "€ü"],
        ],
        body: { bytes: Buffer.from([0, 255, 10]), size: 9_000, sha256: "ab".repeat(32), truncated: true },
      },
      response: { headers: [], body: null },
    });

  promise(
    "an exchange reads back as it was committed, from memory and from the database",
    async ({ traffic, reopen }) => {
      const exchange = full();
      const jobs = [sampleJob({ exchange: exchange.id })];
      await traffic.journal.commit({ exchanges: [exchange], jobs });
      assert.deepEqual(
        plain(await traffic.recent.get("ws_1", exchange.id)),
        plain({ ...exchange, number: 1 }),
      );
      assert.deepEqual(
        plain(await (await reopen()).recent.get("ws_1", exchange.id)),
        plain({ ...exchange, number: 1 }),
      );
    },
  );

  promise("content comes back from large groups too, each exchange its own", async ({ traffic, reopen }) => {
    const exchanges = Array.from({ length: 200 }, (_, i) =>
      sampleExchange({
        request: { headers: [["n", String(i)]], body: i % 3 === 0 ? null : bodyOf(`body ${i}`.repeat(i)) },
      }),
    );
    await Promise.all(
      exchanges.map((exchange) => traffic.journal.commit({ exchanges: [exchange], jobs: [] })),
    );
    const again = await reopen();
    for (const exchange of exchanges) {
      const read = await again.recent.get("ws_1", exchange.id);
      assert.deepEqual(read?.request.headers, exchange.request.headers);
      assert.deepEqual(plain(read.request.body?.bytes), plain(exchange.request.body?.bytes));
    }
  });

  promise("an exchange of another workspace, or of none, is unknown", async ({ traffic, reopen }) => {
    const exchange = sampleExchange();
    await traffic.journal.commit({ exchanges: [exchange], jobs: [sampleJob({ exchange: exchange.id })] });
    assert.equal(await traffic.recent.get("ws_2", exchange.id), undefined);
    const again = await reopen();
    assert.equal(await again.recent.get("ws_2", exchange.id), undefined);
    assert.equal(await again.recent.get("ws_1", newExchangeId(1)), undefined);
    assert.equal(await again.recent.get("ws_1", "no id at all"), undefined);
  });

  promise("an exchange without content reads back without content", async ({ traffic, reopen }) => {
    const exchange = sampleExchange({ request: { headers: [], body: null }, response: null });
    await traffic.journal.commit({ exchanges: [exchange], jobs: [] });
    const read = await (await reopen()).recent.get("ws_1", exchange.id);
    assert.deepEqual([read?.request, read?.response], [{ headers: [], body: null }, null]);
  });
}
