import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { defaultSchedules, jitter, next, parseRetryAfter, retryAfterMaxMs, schedulesUpTo } from "./retry.ts";
import type { AttemptOutcome, Next } from "./retry.ts";

const nowMs = Date.parse("2026-11-20T12:00:00Z");
const middle = () => 0.5;
const answered = (status: number): AttemptOutcome => ({ kind: "answered", status });

function after(outcome: AttemptOutcome, attempt: number, retryAfter?: string): Next {
  return next({ outcome, attempt, retryAfter, nowMs, random: middle });
}

function waits(outcome: AttemptOutcome): readonly (number | string)[] {
  const seconds: (number | string)[] = [];
  for (let attempt = 1; attempt <= 20; attempt++) {
    const result = after(outcome, attempt);
    if (result.kind !== "retry") return [...seconds, result.kind];
    seconds.push((result.dueAt - nowMs) / 1000);
  }
  return seconds;
}

function waited(outcome: AttemptOutcome, attempt: number, retryAfter: string): number | string {
  const result = after(outcome, attempt, retryAfter);
  return result.kind === "retry" ? (result.dueAt - nowMs) / 1000 : result.kind;
}

function waitedAt(chance: number): number {
  const result = next({ outcome: { kind: "unreachable" }, attempt: 2, nowMs, random: () => chance });
  return result.kind === "retry" ? result.dueAt - nowMs : Number.NaN;
}

const transientWaits = [5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 86_400, "exhausted"];
const clientWaits = [30, 600, 3600, 21_600, "exhausted"];

describe("after an attempt", () => {
  test("2xx is delivered, and nothing else is", () => {
    for (let status = 100; status < 600; status++) {
      assert.equal(
        after(answered(status), 1).kind === "delivered",
        status >= 200 && status < 300,
        String(status),
      );
    }
  });

  test("no answer, 408, 425, 429 and 5xx are tried 12 times over 70 h 43 min", () => {
    for (const status of [408, 425, 429, 500, 502, 503, 504, 599]) {
      assert.deepEqual(waits(answered(status)), transientWaits, String(status));
    }
    assert.deepEqual(waits({ kind: "unreachable" }), transientWaits);
    const total = defaultSchedules.transient.reduce((sum, wait) => sum + wait, 0);
    assert.equal(total, (70 * 60 + 42) * 60_000 + 35_000);
  });

  test("other 4xx, 3xx and a target the guard refuses are tried 5 times", () => {
    for (const status of [301, 302, 304, 400, 401, 403, 404, 405, 409, 413, 422, 451]) {
      assert.deepEqual(waits(answered(status)), clientWaits, String(status));
    }
    assert.deepEqual(waits({ kind: "refused" }), clientWaits);
  });

  test("410 pauses, at any attempt", () => {
    for (const attempt of [1, 5, 12]) assert.deepEqual(after(answered(410), attempt), { kind: "paused" });
  });

  test("the class of this failure decides, whatever the earlier ones were", () => {
    assert.deepEqual(after(answered(404), 7), { kind: "exhausted", reason: "client_error" });
    assert.equal(after(answered(503), 7).kind, "retry");
    assert.deepEqual(after(answered(503), 12), { kind: "exhausted", reason: "transient" });
  });

  test("an endpoint may want fewer attempts", () => {
    const attempted = { outcome: answered(500), nowMs, random: middle };
    assert.equal(next({ ...attempted, attempt: 2 }, schedulesUpTo(3)).kind, "retry");
    assert.equal(next({ ...attempted, attempt: 3 }, schedulesUpTo(3)).kind, "exhausted");
    assert.equal(next({ ...attempted, attempt: 1 }, schedulesUpTo(1)).kind, "exhausted");
  });
});

describe("Retry-After", () => {
  test("lengthens the scheduled wait up to 6 hours and never shortens it", () => {
    assert.equal(waited(answered(500), 1, "60"), 60);
    assert.equal(waited(answered(500), 1, "0"), 5);
    assert.equal(waited(answered(500), 7, "60"), 10_800);
    assert.equal(waited(answered(500), 1, "999999"), 21_600);
    assert.equal(waited(answered(500), 10, "999999"), 86_400);
    assert.equal(waited(answered(404), 1, "60"), 60);
    assert.equal(waited(answered(500), 1, "Fri, 20 Nov 2026 12:01:00 GMT"), 60);
  });

  test("adds no attempts", () => {
    assert.equal(after(answered(503), 12, "60").kind, "exhausted");
  });

  test("on 429 and 503 also holds the endpoint's lane, no longer than was asked for", () => {
    for (const status of [429, 503]) {
      assert.deepEqual(after(answered(status), 7, "60"), {
        kind: "retry",
        dueAt: nowMs + 10_800_000,
        holdLaneUntil: nowMs + 60_000,
      });
      assert.deepEqual(after(answered(status), 12, "999999"), {
        kind: "exhausted",
        reason: "transient",
        holdLaneUntil: nowMs + retryAfterMaxMs,
      });
      assert.ok(!("holdLaneUntil" in after(answered(status), 1)));
      assert.ok(!("holdLaneUntil" in after(answered(status), 1, "0")));
    }
    assert.ok(!("holdLaneUntil" in after(answered(500), 1, "60")));
  });

  test("is read as seconds or as an HTTP date in any of its three forms, and as nothing else", () => {
    for (const [text, seconds] of [
      ["120", 120],
      [" 120 ", 120],
      ["Fri, 20 Nov 2026 12:02:00 GMT", 120],
      ["Friday, 20-Nov-26 12:02:00 GMT", 120],
      ["Fri Nov 20 12:02:00 2026", 120],
      ["Fri, 20 Nov 2020 12:02:00 GMT", 0],
    ] as const) {
      assert.equal(parseRetryAfter(text, nowMs), seconds * 1000, text);
    }
    for (const text of [
      undefined,
      "",
      "-1",
      "1.5",
      "1e3",
      "Infinity",
      "soon",
      "2026-11-20",
      "9".repeat(40),
      "Fri, x",
    ]) {
      assert.equal(parseRetryAfter(text, nowMs), undefined, text);
    }
  });
});

test("whatever happens, a retry is due within bounds and attempts end", () => {
  fc.assert(
    fc.property(
      fc.record({
        outcome: fc.oneof(
          fc.integer({ min: 100, max: 599 }).map(answered),
          fc.constantFrom<AttemptOutcome>({ kind: "unreachable" }, { kind: "refused" }),
        ),
        attempt: fc.integer({ min: 1, max: 30 }),
        retryAfter: fc.option(
          fc.oneof(
            fc.string(),
            fc.nat().map(String),
            fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
          ),
          { nil: undefined },
        ),
        nowMs: fc.integer({ min: 0, max: 4e12 }),
        chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      }),
      ({ chance, ...attempted }) => {
        const result = next({ ...attempted, random: () => chance });
        if (result.kind === "retry") {
          assert.ok(attempted.attempt < 12);
          const candidates = [defaultSchedules.transient, defaultSchedules.clientError].map(
            (each) => each[attempted.attempt],
          );
          const least = Math.min(...candidates.map((each) => each ?? Infinity)) * (1 - jitter);
          const most = Math.max(
            Math.max(...candidates.map((each) => each ?? 0)) * (1 + jitter),
            retryAfterMaxMs,
          );
          assert.ok(Number.isSafeInteger(result.dueAt));
          assert.ok(result.dueAt >= attempted.nowMs + Math.floor(least));
          assert.ok(result.dueAt <= attempted.nowMs + Math.ceil(most));
        }
        if ("holdLaneUntil" in result) {
          assert.ok(result.holdLaneUntil > attempted.nowMs);
          assert.ok(result.holdLaneUntil <= attempted.nowMs + retryAfterMaxMs);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("jitter spreads a wait 20 % to either side", () => {
  assert.deepEqual([waitedAt(0), waitedAt(0.5), waitedAt(0.999_999_9)], [24_000, 30_000, 36_000]);
});
