import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Losses } from "../../../capture/losses.ts";
import { SummaryTable } from "../../../capture/summary-table.ts";
import type { CapturedBatch } from "../../../capture/wire.ts";
import type { ClientAnswer } from "../../engines/outbound/client.ts";
import { wallClock } from "../../kernel/clock.ts";
import { Delivery } from "./delivery.ts";
import { Recorder } from "./recorder.ts";

const counted = {
  at: Date.UTC(2026, 10, 20, 12),
  method: "GET",
  route: "/users/{id}",
  status: 200,
  outcome: "answered",
  requestBytes: 0,
  responseBytes: 2,
  durationMs: 5,
} as const;

/** A server that answers batches with these statuses in turn. */
function delivering(statuses: readonly number[]) {
  const [summaries, losses] = [new SummaryTable(1024 * 1024), new Losses()];
  const batches: CapturedBatch[] = [];
  const said: string[] = [];
  const delivery = new Delivery({
    async call(_method, _path, body): Promise<ClientAnswer> {
      assert.ok(body instanceof Uint8Array);
      batches.push(JSON.parse(gunzipSync(body).toString()) as CapturedBatch);
      return { status: statuses[batches.length - 1] ?? 202, headers: {}, json: { detail: "Not so." } };
    },
    place: {},
    version: "0.0.0",
    clock: wallClock,
    recorder: new Recorder(summaries, losses),
    summaries,
    losses,
    say: (line) => void said.push(line),
  });
  return { delivery, summaries, batches, said };
}

test("counts that were refused for want of a key are sent with those that come after", async () => {
  const { delivery, summaries, batches, said } = delivering([401]);
  summaries.add(counted);
  assert.equal(await delivery.flush(), false);
  summaries.add(counted);
  assert.equal(await delivery.flush(), true);
  assert.deepEqual(
    batches.map((it) => it.summaries.map(({ count }) => count)),
    [[1], [2]],
  );
  assert.equal(said.length, 1);
});

test("counts that the server cannot take are not sent for ever, and it is told how many were lost", async () => {
  const { delivery, summaries, batches } = delivering([400]);
  summaries.add(counted);
  assert.equal(await delivery.flush(), false);
  assert.equal(await delivery.flush(), true);
  const [, second] = batches;
  assert.deepEqual(
    [second?.summaries, second?.dropped],
    [[], { records: 0, summaries: 1, reasons: { rejected: 1 } }],
  );
});
