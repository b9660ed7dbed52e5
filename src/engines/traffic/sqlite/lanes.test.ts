import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Heap } from "../heap.ts";
import { Lanes, pageJobs } from "./lanes.ts";
import { residentPerLaneMax } from "./room.ts";
import { sampleJob } from "../samples.ts";
import type { Job } from "../traffic.ts";
import type { NewJob } from "../../../kernel/job.ts";

const exchange = "ex_018bcfe5680071918af1e14c67ad14d1";
const job = (change: Partial<NewJob>): NewJob => sampleJob({ exchange, dueAt: 0, ...change });

function newLanes(): Lanes {
  let claims = 0;
  return new Lanes(() => `claim-${++claims}`);
}

function filled(jobs: readonly NewJob[], now = 0): Lanes {
  const lanes = newLanes();
  for (const one of jobs) lanes.restore(one, now);
  return lanes;
}

const ids = (jobs: readonly Job[]): string[] => jobs.map(({ id }) => id);

test("a heap hands out living items in order, whatever died in between", () => {
  const numbers = fc.array(fc.record({ value: fc.integer(), dies: fc.boolean() }), { maxLength: 400 });
  fc.assert(
    fc.property(numbers, (items) => {
      const dead = new Set<object>();
      const heap = new Heap<{ value: number }>(
        (a, b) => a.value < b.value,
        (item) => !dead.has(item),
      );
      for (const item of items) heap.push(item);
      for (const item of items) {
        if (!item.dies) continue;
        dead.add(item);
        heap.bury();
      }
      const out: number[] = [];
      for (let item = heap.pop(); item !== undefined; item = heap.pop()) out.push(item.value);
      const living = items.filter((item) => !item.dies).map((item) => item.value);
      assert.deepEqual(
        out,
        living.toSorted((a, b) => a - b),
      );
    }),
  );
});

test("lanes take turns whatever their backlogs", () => {
  const backlog = Array.from({ length: 5 }, (_, i) => job({ id: `a${i}`, lane: "a" }));
  const lanes = filled([
    ...backlog,
    job({ id: "b0", lane: "b" }),
    job({ id: "b1", lane: "b" }),
    job({ id: "c0", lane: "c" }),
  ]);
  assert.deepEqual(ids(lanes.claim(["deliver"], 6, 1_000, 0)), ["a0", "b0", "c0", "a1", "b1", "a2"]);
});

test("a job of a key that becomes due before the one on offer takes its place", () => {
  const lanes = filled([job({ id: "late", key: "k", dueAt: 5 })]);
  lanes.restore(job({ id: "early", key: "k", dueAt: 1 }), 0);
  assert.deepEqual(ids(lanes.claim(["deliver"], 10, 1_000, 10)), ["early"]);
  lanes.end("early", 10);
  assert.deepEqual(ids(lanes.claim(["deliver"], 10, 1_000, 10)), ["late"]);
});

test("nothing but time wakes a lane whose jobs are due later, and it says when", () => {
  const lanes = filled([job({ id: "a", dueAt: 500 }), job({ id: "b", dueAt: 300 })]);
  assert.equal(lanes.awake, false);
  assert.equal(lanes.nextAt, 300);
  lanes.advance(299);
  assert.equal(lanes.awake, false);
  lanes.advance(300);
  assert.equal(lanes.awake, true);
  assert.deepEqual(ids(lanes.claim(["deliver"], 10, 50, 300)), ["b"]);
  assert.equal(lanes.nextAt, 350);
});

test("a lease does not expire while the commit that ends it is under way", () => {
  const lanes = filled([job({ id: "a" })]);
  const claim = lanes.claim(["deliver"], 1, 100, 0)[0]?.claim ?? "";
  assert.equal(lanes.finish("a", claim, 50), true);
  assert.equal(lanes.finish("a", claim, 50), false);
  assert.deepEqual(lanes.claim(["deliver"], 1, 100, 200), []);
  lanes.unfinish("a");
  assert.deepEqual(ids(lanes.claim(["deliver"], 1, 100, 200)), ["a"]);
});

test("a lane that is full parks what comes, and asks for it once it is due and memory runs low", () => {
  const lanes = newLanes();
  for (let i = 0; i < residentPerLaneMax; i++) {
    assert.equal(lanes.admit("lane_1"), true);
    lanes.add(job({ id: `j${i}`, dueAt: 10 }), 0);
  }
  assert.equal(lanes.admit("lane_1"), false);
  assert.equal(lanes.admit("other"), true);
  lanes.park("lane_1", { dueAt: 5, id: "p" }, 0);
  assert.deepEqual(lanes.takeHungry(10, 0), []);
  assert.deepEqual(
    lanes.claim(["deliver"], 1, 100, 10),
    [],
    "what is parked is due before what is in memory",
  );
  assert.deepEqual(lanes.takeHungry(10, 10), [{ lane: "lane_1", from: { dueAt: 5, id: "p" } }]);
  lanes.page("lane_1", [job({ id: "p", dueAt: 5 })], false, 10);
  assert.deepEqual(ids(lanes.claim(["deliver"], 2, 100, 10)), ["p", "j0"]);
});

test("a hold that is shortened ends at its new time", () => {
  const lanes = filled([job({ id: "a" })]);
  lanes.hold("lane_1", 1_000);
  assert.deepEqual(lanes.claim(["deliver"], 1, 100, 0), []);
  lanes.hold("lane_1", 10);
  assert.deepEqual(ids(lanes.claim(["deliver"], 1, 100, 10)), ["a"]);
});

test("what ended while its page was being read does not come back", () => {
  const lanes = newLanes();
  lanes.park("lane_1", { dueAt: 0, id: "" }, 0);
  lanes.takeHungry(1, 0);
  lanes.page("lane_1", [job({ id: "a" }), job({ id: "b" })], true, 0);
  const [a] = lanes.claim(["deliver"], 1, 100, 0);
  assert.equal(a?.id, "a");
  assert.deepEqual(lanes.claim(["deliver"], 9, 100, 0), [], "b may not be the last at its position");
  assert.equal(lanes.takeHungry(1, 0).length, 1);
  lanes.end("a", 0);
  lanes.page("lane_1", [job({ id: "a" }), job({ id: "b" }), job({ id: "c" })], false, 0);
  assert.deepEqual(ids(lanes.claim(["deliver"], 9, 100, 0)), ["b", "c"]);
});

test("what was parked while a page was being read is read later", () => {
  const lanes = newLanes();
  lanes.park("lane_1", { dueAt: 3, id: "x" }, 0);
  lanes.takeHungry(1, 5);
  lanes.advance(5);
  lanes.takeHungry(1, 5);
  lanes.park("lane_1", { dueAt: 1, id: "y" }, 5);
  lanes.page("lane_1", [job({ id: "x", dueAt: 3 })], false, 5);
  assert.deepEqual(lanes.claim(["deliver"], 9, 100, 5), []);
  assert.deepEqual(lanes.takeHungry(1, 5), [{ lane: "lane_1", from: { dueAt: 1, id: "y" } }]);
  lanes.page("lane_1", [job({ id: "x", dueAt: 3 }), job({ id: "y", dueAt: 1 })], false, 5);
  assert.deepEqual(ids(lanes.claim(["deliver"], 9, 100, 5)), ["y", "x"]);
});

test("a page that could not be read is asked for again", () => {
  const lanes = newLanes();
  lanes.park("lane_1", { dueAt: 0, id: "" }, 0);
  assert.equal(lanes.takeHungry(1, 0).length, 1);
  lanes.page("lane_1", undefined, false, 0);
  assert.deepEqual(lanes.takeHungry(1, 0), []);
  lanes.advance(lanes.nextAt);
  assert.equal(lanes.takeHungry(1, lanes.nextAt).length, 1);
});

/** The same promises, kept the slow way: sort everything, take what may go. */
class Plain {
  readonly jobs = new Map<string, NewJob>();
  readonly leased = new Map<string, number>();
  readonly holds = new Map<string, number>();
  readonly limits = new Map<string, number>();
  made = 0;

  /** The jobs that may be handed out at `now`. */
  ready(now: number): string[] {
    for (const [id, expiresAt] of this.leased) if (expiresAt <= now) this.leased.delete(id);
    return [...new Set([...this.jobs.values()].map(({ lane }) => lane))]
      .flatMap((lane) => this.#readyIn(lane, now))
      .toSorted();
  }

  #readyIn(lane: string, now: number): string[] {
    if ((this.holds.get(lane) ?? 0) > now) return [];
    const own = [...this.jobs.values()].filter((one) => one.lane === lane);
    const busy = own.filter(({ id }) => this.leased.has(id));
    const keys = new Set(busy.map(({ key }) => key).filter((key) => key !== null));
    const ready: string[] = [];
    for (const { id, key, dueAt } of own.toSorted((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1))) {
      if (this.leased.has(id) || (key !== null && keys.has(key))) continue;
      // A key's later jobs wait for its first, also when that is not due.
      if (key !== null) keys.add(key);
      if (dueAt <= now && ready.length < (this.limits.get(lane) ?? 10) - busy.length) ready.push(id);
    }
    return ready;
  }
}

/** Both, told the same and compared. */
class Pair {
  readonly lanes = newLanes();
  readonly plain = new Plain();
  readonly claims = new Map<string, string>();
  now = 1_000;

  add(lane: string, key: string | null, after: number): void {
    const id = `j${String(this.plain.made++).padStart(3, "0")}`;
    const added = job({ id, lane, key, dueAt: this.now + after });
    this.lanes.restore(added, this.now);
    this.plain.jobs.set(id, added);
  }

  claim(leaseMs: number): void {
    const expected = this.plain.ready(this.now);
    const claimed = this.lanes.claim(["deliver"], 1_000, leaseMs, this.now);
    assert.deepEqual(ids(claimed).toSorted(), expected);
    for (const { id, claim } of claimed) {
      this.claims.set(id, claim);
      this.plain.leased.set(id, this.now + leaseMs);
    }
  }

  end(which: number, how: "done" | "release" | "retry", after: number): void {
    this.plain.ready(this.now);
    const leased = [...this.plain.leased.keys()];
    const id = leased[which % leased.length];
    if (id === undefined) return;
    this.plain.leased.delete(id);
    const claim = this.claims.get(id) ?? "";
    if (how === "release") {
      this.lanes.release(id, claim, this.now);
      return;
    }
    assert.equal(this.lanes.finish(id, claim, this.now), true);
    if (how === "done") {
      this.lanes.end(id, this.now);
      this.plain.jobs.delete(id);
      return;
    }
    const change = { dueAt: this.now + after, attempt: 1, payload: "{}" };
    this.lanes.retry(id, change, this.now);
    this.plain.jobs.set(id, { ...this.plain.jobs.get(id)!, ...change });
  }

  hold(lane: string, after: number): void {
    this.lanes.hold(lane, this.now + after);
    this.plain.holds.set(lane, this.now + after);
  }

  resume(lane: string): void {
    this.lanes.resume(lane, this.now);
    this.plain.holds.delete(lane);
  }

  limit(lane: string, claimed: number): void {
    this.lanes.limit(lane, claimed);
    this.plain.limits.set(lane, claimed);
  }

  pass(ms: number): void {
    this.now += ms;
    this.lanes.advance(this.now);
    // Whatever may go, somebody is told of it.
    if (this.plain.ready(this.now).length > 0) assert.equal(this.lanes.awake, true);
  }
}

const lane = fc.constantFrom("a", "b", "c");
const ms = fc.nat(400);
type Step = (pair: Pair) => void;
const key = fc.constantFrom(null, null, "k", "m");
const adding = fc.tuple(lane, key, ms).map(
  (given): Step =>
    (pair) =>
      pair.add(...given),
);
const claiming = ms.map(
  (leaseMs): Step =>
    (pair) =>
      pair.claim(leaseMs + 1),
);
const how = fc.constantFrom("done" as const, "release" as const, "retry" as const);
const ending = fc.tuple(fc.nat(), how, ms).map(
  (given): Step =>
    (pair) =>
      pair.end(...given),
);
const holding = fc.tuple(lane, ms).map(
  (given): Step =>
    (pair) =>
      pair.hold(...given),
);
const resuming = lane.map(
  (given): Step =>
    (pair) =>
      pair.resume(given),
);
const limiting = fc.tuple(lane, fc.integer({ min: 1, max: 4 })).map(
  (given): Step =>
    (pair) =>
      pair.limit(...given),
);
const passing = ms.map(
  (given): Step =>
    (pair) =>
      pair.pass(given),
);
const step = fc.oneof(
  { arbitrary: adding, weight: 6 },
  { arbitrary: claiming, weight: 4 },
  { arbitrary: ending, weight: 4 },
  { arbitrary: passing, weight: 3 },
  ...[holding, resuming, limiting].map((arbitrary) => ({ arbitrary, weight: 1 })),
);

test("hands out exactly what may go, whatever happened before", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 150, size: "max" }), (steps) => {
      const pair = new Pair();
      for (const run of steps) run(pair);
    }),
    { numRuns: 400 },
  );
});

test("a backlog of many pages comes out in order while jobs are added, retried and ended", () => {
  const table = new Map<string, NewJob>();
  const lanes = newLanes();
  for (let i = 0; i < 3_000; i++) {
    const parked = job({ id: `j${String(i).padStart(4, "0")}`, dueAt: i % 700 });
    table.set(parked.id, parked);
    lanes.park("lane_1", parked, 1_000);
  }
  const order = [...table.values()]
    .toSorted((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
  const out: string[] = [];
  while (table.size > 0) {
    for (const { from } of lanes.takeHungry(8, 1_000)) {
      const page = [...table.values()]
        .filter((one) => one.dueAt > from.dueAt || (one.dueAt === from.dueAt && one.id >= from.id))
        .toSorted((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1))
        .slice(0, pageJobs);
      lanes.page("lane_1", page, page.length === pageJobs, 1_000);
    }
    const claimed = lanes.claim(["deliver"], 7, 1_000, 1_000);
    assert.ok(claimed.length > 0 || lanes.awake);
    for (const { id } of claimed) {
      out.push(id);
      table.delete(id);
      lanes.end(id, 1_000);
    }
  }
  assert.deepEqual(out, order);
});
