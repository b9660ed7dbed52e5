import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { slotOf } from "../../../../capture/slots.ts";
import { openWorld, type World } from "../../../../test/world.ts";
import { summaryOf } from "../summary.ts";
import type { Alert } from "./alert.ts";
import { judgedOf } from "./judged.ts";
import { minuteMs, minutesOf, withPercentile } from "./minutes.ts";
import type { Watch } from "./watch.ts";

const rounds = 25;
const lengthMinutes = 300;

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

/** The same numbers each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

function alertOn(watch: Watch, windowMinutes: number): Alert {
  const place = { environment: "production", bucket: null, path: null };
  const rest = {
    resolveAfterMinutes: 5,
    remindHours: null,
    targetUrl: "https://example.com/",
    isActive: true,
  };
  return { name: "any", watch, windowMinutes, ...place, ...rest };
}

function isOver(watch: Watch, { status, ms }: { readonly status: number; readonly ms: number }): boolean {
  if (watch.kind === "response_time") return ms > watch.aboveMs;
  return watch.kind === "error_rate" && (status === 0 || status >= (watch.errors === "server" ? 500 : 400));
}

test("every window adds up to what a count of each request comes to", async () => {
  const { engines } = world;
  const start = Date.UTC(2026, 10, 19);
  for (let round = 1; round <= rounds; round++) {
    const below = numbers(round);
    const workspace = await world.newWorkspace();
    const requests = Array.from({ length: 400 }, () => ({
      at: start + below(lengthMinutes) * minuteMs,
      status: [200, 302, 404, 500, 503, 0][below(6)] ?? 200,
      ms: 1 + below(2_000),
    }));
    await engines.traffic.journal.commit({
      exchanges: [],
      jobs: [],
      summaries: requests.map(({ at, status, ms }) =>
        summaryOf(
          {
            at,
            status,
            method: "GET",
            route: "/",
            outcome: status === 0 ? "failed" : "answered",
            count: 1,
            requestBytes: 0,
            responseBytes: 0,
            durationMs: ms,
            durations: [[slotOf(ms), 1]],
          },
          { workspace, environment: "production", bucket: "default", id: "" },
        ),
      ),
    });
    const windowMinutes = 1 + below(60);
    const aboveMs = 50 + below(1_900);
    const watches: readonly Watch[] = [
      { kind: "error_rate", above: 0.5, errors: "server", requestsMin: 1 },
      { kind: "error_rate", above: 0.5, errors: "all", requestsMin: 1 },
      { kind: "response_time", percentile: 90, aboveMs, requestsMin: 1 },
      { kind: "absence", fewerThan: 5 },
    ];
    // A histogram tells durations apart within 1 %: none of these is so near to the bound.
    const isFar = requests.every(({ ms }) => Math.abs(ms - aboveMs) > 0.02 * aboveMs);
    for (const watch of watches) {
      const alert = alertOn(watch, windowMinutes);
      const ends = { from: start + windowMinutes * minuteMs, to: start + lengthMinutes * minuteMs };
      const minutes = await minutesOf(workspace, alert, ends, engines);
      const window = (end: number) =>
        requests.filter(({ at }) => at >= end - windowMinutes * minuteMs && at < end);
      for (let end = ends.from; end <= ends.to; end += minuteMs) {
        const figures = minutes.before(end);
        assert.equal(figures.requests, window(end).length);
        const over = window(end).filter((it) => isOver(watch, it)).length;
        assert.ok(
          figures.over === over || (watch.kind === "response_time" && !isFar),
          `${watch.kind} until ${end}`,
        );
      }
    }
  }
});

test("what is said of a percentile agrees with the percentile that is shown", async () => {
  const { engines } = world;
  const at = Date.UTC(2026, 10, 19);
  const watch = { kind: "response_time", percentile: 95, aboveMs: 300, requestsMin: 1 } as const;
  for (const [slow, verdict] of [
    [0, "well"],
    [4, "well"],
    [6, "over"],
    [100, "over"],
  ] as const) {
    const workspace = await world.newWorkspace();
    const counted = { at, method: "GET", route: "/", status: 200, outcome: "answered" } as const;
    const durations = (
      [
        [slotOf(20), 100 - slow],
        [slotOf(900), slow],
      ] as const
    ).filter(([, count]) => count > 0);
    await engines.traffic.journal.commit({
      exchanges: [],
      jobs: [],
      summaries: [
        summaryOf(
          {
            ...counted,
            count: 100,
            requestBytes: 0,
            responseBytes: 0,
            durationMs: 0,
            durations: durations.map(([slot, count]) => [slot, count]),
          },
          { workspace, environment: "production", bucket: "default", id: "" },
        ),
      ],
    });
    const alert = alertOn(watch, 1);
    const ends = { from: at, to: at + minuteMs };
    const figures = (await minutesOf(workspace, alert, ends, engines)).before(at + minuteMs);
    const { percentileMs } = await withPercentile(workspace, alert, figures, engines);
    assert.equal(judgedOf(watch, figures, 0).verdict, verdict);
    assert.equal((percentileMs ?? 0) > watch.aboveMs, verdict === "over", String(percentileMs));
  }
});
