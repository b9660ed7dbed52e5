import assert from "node:assert/strict";
import test from "node:test";
import type { Measure } from "./ledger.ts";
import { hourMs, hoursOfEndings, hoursOfMeasure } from "./rolled-hours.ts";

const noon = 1_700_000_000_000 - (1_700_000_000_000 % hourMs);
const day = { from: noon, to: noon + 24 * hourMs };

function measure(where: Measure["where"], stepMs?: number): Measure {
  return { workspace: "ws_1", where, bySubject: false, ...(stepMs !== undefined && { stepMs }) };
}

test("long ranges are answered from their whole hours", () => {
  assert.deepEqual(hoursOfMeasure(measure(day), 0), day);
  const cohort = {
    workspace: "ws_1",
    kinds: ["event"],
    jobs: [],
    receivedFrom: day.from,
    receivedTo: Infinity,
  };
  assert.deepEqual(hoursOfEndings(cohort, 0), { from: day.from, to: Infinity });
  assert.deepEqual(hoursOfMeasure(measure({}), 0), { from: -Infinity, to: Infinity });
});

test("hours begin with the one that begins nearest, and end with the last whole one", () => {
  const hours = (from: number, to: number) => hoursOfMeasure(measure({ from, to }), 0);
  const half = hourMs / 2;
  assert.deepEqual(hours(noon + half - 1, day.to - 1), { from: noon, to: noon + 23 * hourMs });
  assert.deepEqual(hours(noon + half, day.to), { from: noon + hourMs, to: day.to });
});

test("steps of whole hours are answered from hours, others from rows", () => {
  for (const hours of [1, 6, 24]) assert.deepEqual(hoursOfMeasure(measure(day, hours * hourMs), 0), day);
  for (const ms of [1, 60_000, hourMs / 2, 1.5 * hourMs])
    assert.equal(hoursOfMeasure(measure(day, ms), 0), undefined);
});

test("filters that rollups cannot tell are answered from rows", () => {
  const told = { plane: "webhooks", subjects: ["ep_1"], kinds: ["event"], outcomes: ["accepted"] } as const;
  assert.deepEqual(
    hoursOfMeasure(measure({ ...day, ...told, environment: "production", buckets: ["eu"] }), 0),
    day,
  );
  assert.equal(hoursOfMeasure(measure({ ...day, statuses: [200] }), 0), undefined);
  assert.equal(hoursOfMeasure(measure({ ...day, errors: ["timeout"] }), 0), undefined);
  const condition = { field: "kind", is: ["event"] } as const;
  assert.equal(hoursOfMeasure(measure({ ...day, condition }), 0), undefined);
});

test("fewer than six whole hours are answered from rows", () => {
  const long = { from: noon - 1, to: noon + 6 * hourMs };
  assert.deepEqual(hoursOfMeasure(measure(long), 0), { from: noon, to: long.to });
  assert.equal(hoursOfMeasure(measure({ from: noon + 1, to: noon + 7 * hourMs - 1 }), 0), undefined);
  assert.equal(hoursOfMeasure(measure({ from: noon + 5, to: noon }), 0), undefined);
});

test("while much waits to be rolled up, rows answer everything", () => {
  assert.deepEqual(hoursOfMeasure(measure(day), 100_000), day);
  assert.equal(hoursOfMeasure(measure(day), 100_001), undefined);
});
