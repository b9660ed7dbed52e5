import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { courseFrom, lateMs, nextStep, type Course, type Step } from "./course.ts";
import type { Judged } from "./judged.ts";

const minuteMs = 60_000;
const settings = { resolveAfterMinutes: 3, remindHours: 1 };

function judged(end: number, verdict: Judged["verdict"], enough = true): Judged {
  const figures = { from: 0, to: end * minuteMs, requests: 1, over: 0, percentileMs: null, events: [] };
  return { verdict, enough, figures };
}

/** As it is looked at minute by minute; what there was to tell, by minute. */
function told(verdicts: readonly Judged["verdict"][], asked: typeof settings = settings) {
  let course: Course = courseFrom(0);
  const all = verdicts.map((verdict, n) => judged(n + 1, verdict));
  const steps: (readonly [minute: number, what: string])[] = [];
  for (const [n, { figures }] of all.entries()) {
    const again = all.slice(Math.max(0, n - lateMs / minuteMs), n + 1);
    const step: Step = nextStep(course, again, { seen: figures.to - minuteMs, ...asked });
    course = step.course;
    if (step.told !== null) steps.push([n + 1, step.told.what]);
  }
  return steps;
}

const times = (count: number, verdict: Judged["verdict"]) => Array.from({ length: count }, () => verdict);

describe("the course of an alert", () => {
  test("it fires at once, and resolves when all has been well for as long as asked", () => {
    assert.deepEqual(told([...times(2, "well"), ...times(3, "over"), ...times(9, "well")]), [
      [3, "fired"],
      [9, "resolved"],
    ]);
  });

  test("where nothing can be told it neither fires nor resolves", () => {
    assert.deepEqual(told(times(20, "unknown")), []);
    assert.deepEqual(told(["over", ...times(90, "unknown")], { ...settings, remindHours: 24 }), [
      [1, "fired"],
    ]);
  });

  test("a window of too little does not fire, and keeps one that fires from resolving", () => {
    const little = nextStep(courseFrom(0), [judged(1, "over", false)], { seen: 0, ...settings });
    assert.equal(little.told, null);
    const firing = { ...courseFrom(0), isFiring: true, wellSince: minuteMs, toldAt: 0 };
    const step = nextStep(firing, [judged(9, "over", false)], { seen: 8 * minuteMs, ...settings });
    assert.equal(step.course.wellSince, null);
  });

  test("it reminds once an hour while it lasts", () => {
    assert.deepEqual(told(times(130, "over")), [
      [1, "fired"],
      [61, "reminded"],
      [121, "reminded"],
    ]);
  });

  test("whatever goes on, firing and resolving take turns, and one thing is told a minute", () => {
    const verdict = fc.constantFrom<Judged["verdict"]>("over", "well", "unknown");
    fc.assert(
      fc.property(
        fc.array(verdict, { maxLength: 200 }),
        fc.integer({ min: 0, max: 10 }),
        (verdicts, after) => {
          const turns = told(verdicts, { resolveAfterMinutes: after, remindHours: 1 }).filter(
            ([, what]) => what !== "reminded",
          );
          for (const [n, [minute, what]] of turns.entries()) {
            assert.equal(what, n % 2 === 0 ? "fired" : "resolved");
            assert.ok(n === 0 || minute > (turns[n - 1]?.[0] ?? 0));
            // Nothing fires of what was there before it resolved, and resolving takes its time.
            if (what === "resolved") assert.ok(minute - (turns[n - 1]?.[0] ?? 0) >= after);
          }
        },
      ),
    );
  });
});
