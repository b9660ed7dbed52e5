import assert from "node:assert/strict";
import { test } from "node:test";
import { bringIn } from "../../../../test/captured.ts";
import { scenarios, type Place } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { getResponseTimes } from "./get-response-times.ts";

async function given(_call: unknown, place: Place): Promise<Output> {
  await bringIn(place, [
    { agoMs: 90_000, durationMs: 10 },
    { agoMs: 80_000, durationMs: 30 },
    { agoMs: 20_000, durationMs: 200, status: 500 },
  ]);
  return {};
}

scenarios(getResponseTimes, [
  {
    name: "answers the exact average of each step",
    scopes: ["traffic:read"],
    given,
    input: { since: "1h", step: "1m" },
    gives: {
      overall: { requests: 3, averageMs: 80 },
      series: [
        { at: "2026-11-20T11:58:00.000Z", requests: 2, averageMs: 20 },
        { at: "2026-11-20T11:59:00.000Z", requests: 1, averageMs: 200 },
      ],
    },
    leaves: {},
  },
  {
    name: "nothing where there was nothing",
    scopes: ["traffic:read"],
    input: {},
    gives: { overall: null, series: [] },
    leaves: {},
  },
]);

test("percentiles are within 1 % of those of the durations themselves, whatever these are", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const durations = Array.from({ length: 900 }, (_, n) => 0.05 * 1.013 ** ((n * 7_919) % 900));
    await bringIn(
      { engines: world.engines, workspace },
      durations.map((durationMs, n) => ({ durationMs, agoMs: 1_000 + n * 100 })),
    );
    const answer = await invoke(
      getResponseTimes,
      {},
      callerOf(principalOf(workspace, ["traffic:read"])),
      world.engines,
    );
    const { overall } = getResponseTimes.output.parse(answer);
    assert.ok(overall);
    const sorted = durations.toSorted((a, b) => a - b);
    for (const [name, percent] of [
      ["p50Ms", 50],
      ["p95Ms", 95],
      ["p99Ms", 99],
    ] as const) {
      const rank = ((sorted.length - 1) * percent) / 100;
      const [low, high] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0];
      const exact = low + (high - low) * (rank - Math.floor(rank));
      const error = Math.abs(overall[name] - exact);
      assert.ok(error <= exact * 0.01 + 0.005, `${name} ${overall[name]} for ${exact}`);
    }
  } finally {
    await world.close();
  }
});
