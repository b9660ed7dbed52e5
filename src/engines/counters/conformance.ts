import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../kernel/clock.ts";
import type { Counters } from "./counters.ts";
import { budgetKeptMs, keyCharactersMax, settleGraceMs } from "./counters.ts";

/** Somewhere empty that counters can be opened on, one after the other, and that goes away with `remove`. */
export type CountersPlace = { open(clock: Clock): Promise<Counters>; remove(): Promise<void> };

type Trial = {
  readonly counters: Counters;
  readonly time: { ms: number };
  /** Closes the counters and opens them again on the same place. */
  reopen(): Promise<Counters>;
};
type Promises = Readonly<Record<string, (trial: Trial) => Promise<void>>>;

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 1);

/** Registers the tests of what all counters promise. */
export function countersConformance(name: string, newPlace: () => Promise<CountersPlace>): void {
  for (const [title, tried] of Object.entries({ ...hitPromises, ...budgetPromises, ...timePromises })) {
    test(`${name}: ${title}`, () => onNewPlace(newPlace, tried));
  }
}

async function onNewPlace(
  newPlace: () => Promise<CountersPlace>,
  tried: (trial: Trial) => Promise<void>,
): Promise<void> {
  const place = await newPlace();
  const time = { ms: startMs };
  const clock = { now: () => time.ms };
  let counters = await place.open(clock);
  const reopen = async () => {
    await counters.close();
    counters = await place.open(clock);
    return counters;
  };
  try {
    await tried({ counters, time, reopen });
  } finally {
    await counters.close();
    await place.remove();
  }
}

/** A reservation out of 100 that holds for a minute. */
function of(id: string, amount: number, limit = 100) {
  return { id, amount, limit, expiresAt: startMs + minuteMs };
}

const hitPromises: Promises = {
  "hits are allowed up to the limit and counted beyond it": async ({ counters }) => {
    const hits = [];
    for (let n = 0; n < 4; n++) hits.push(await counters.hit("a", 2, minuteMs));
    const resetAt = startMs + minuteMs;
    assert.deepEqual(hits, [
      { allowed: true, count: 1, resetAt },
      { allowed: true, count: 2, resetAt },
      { allowed: false, count: 3, resetAt },
      { allowed: false, count: 4, resetAt },
    ]);
    assert.equal((await counters.hit("a2", 0, minuteMs)).allowed, false);
  },

  "a window starts at a multiple of its length, whenever the first hit comes": async ({ counters, time }) => {
    time.ms = startMs + minuteMs - 1;
    assert.deepEqual(await counters.hit("a", 1, minuteMs), {
      allowed: true,
      count: 1,
      resetAt: startMs + minuteMs,
    });
    time.ms = startMs + minuteMs;
    const next = { allowed: true, count: 1, resetAt: startMs + 2 * minuteMs };
    assert.deepEqual(await counters.hit("a", 1, minuteMs), next);
  },

  "keys count apart": async ({ counters }) => {
    await counters.hit("a", 1, minuteMs);
    assert.equal((await counters.hit("b", 1, minuteMs)).count, 1);
    assert.equal((await counters.hit("a", 1, minuteMs)).count, 2);
  },
};

const budgetPromises: Promises = {
  "a reservation is granted while it fits and refused as a whole": async ({ counters }) => {
    assert.deepEqual(await counters.reserve("b", of("r1", 60)), { granted: true, left: 40 });
    assert.deepEqual(await counters.reserve("b", of("r2", 41)), { granted: false, left: 40 });
    assert.deepEqual(await counters.reserve("b", of("r3", 40)), { granted: true, left: 0 });
    assert.deepEqual(await counters.reserve("b", of("r4", 1)), { granted: false, left: 0 });
    assert.deepEqual(await counters.reserve("b", of("r5", 0)), { granted: true, left: 0 });
    assert.deepEqual(await counters.read("b"), { used: 0, reserved: 100 });
  },

  "reservations made at once never exceed the limit together": async ({ counters }) => {
    const tries = Array.from({ length: 30 }, (_, n) => counters.reserve("b", of(`r${n}`, 7)));
    const granted = (await Promise.all(tries)).filter((answer) => answer.granted);
    assert.equal(granted.length, 14);
    assert.deepEqual(await counters.read("b"), { used: 0, reserved: 98 });
  },

  "settling replaces the reservation by what was used, less or more": async ({ counters }) => {
    await counters.reserve("b", of("r1", 50));
    await counters.settle("b", "r1", 20);
    assert.deepEqual(await counters.read("b"), { used: 20, reserved: 0 });
    await counters.reserve("b", of("r2", 10));
    await counters.settle("b", "r2", 95);
    assert.deepEqual(await counters.read("b"), { used: 115, reserved: 0 });
    assert.deepEqual(await counters.reserve("b", of("r3", 1)), { granted: false, left: 0 });
    assert.deepEqual(await counters.reserve("b", of("r4", 5, 120)), { granted: true, left: 0 });
  },

  "settling with 0 gives the reservation back": async ({ counters }) => {
    await counters.reserve("b", of("r1", 100));
    await counters.settle("b", "r1", 0);
    assert.deepEqual(await counters.reserve("b", of("r2", 100)), { granted: true, left: 0 });
  },

  "an id is settled once, and one that was never granted changes nothing": async ({ counters }) => {
    await counters.reserve("b", of("r1", 50));
    await Promise.all([counters.settle("b", "r1", 20), counters.settle("b", "r1", 20)]);
    await counters.reserve("b", of("refused", 200));
    await counters.settle("b", "refused", 30);
    await counters.settle("b", "unknown", 30);
    assert.deepEqual(await counters.read("b"), { used: 20, reserved: 0 });
  },

  "repeating an id takes nothing more, before and after it is settled": async ({ counters }) => {
    await counters.reserve("b", of("r1", 60));
    assert.deepEqual(await counters.reserve("b", of("r1", 60)), { granted: true, left: 40 });
    await counters.settle("b", "r1", 30);
    assert.deepEqual(await counters.reserve("b", of("r1", 60)), { granted: true, left: 70 });
    await counters.settle("b", "r1", 30);
    assert.deepEqual(await counters.read("b"), { used: 30, reserved: 0 });
  },

  "budgets under different keys are apart, also for one id": async ({ counters }) => {
    await counters.reserve("b", of("r1", 100));
    assert.deepEqual(await counters.reserve("c", of("r1", 100)), { granted: true, left: 0 });
    await counters.settle("c", "r1", 1);
    assert.deepEqual(await counters.read("b"), { used: 0, reserved: 100 });
    assert.deepEqual(await counters.read("absent"), { used: 0, reserved: 0 });
  },

  "a key or an amount out of range is refused and changes nothing": async ({ counters }) => {
    const long = "k".repeat(keyCharactersMax);
    await counters.reserve(long, of(long, 1));
    await assert.rejects(counters.reserve(`${long}k`, of("r1", 1)), RangeError);
    await assert.rejects(counters.reserve("b", of(`${long}k`, 1)), RangeError);
    await assert.rejects(counters.hit(`${long}k`, 1, minuteMs), RangeError);
    await assert.rejects(counters.hit("a", 1, 0), RangeError);
    for (const amount of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(counters.reserve("b", of("r1", amount)), RangeError);
      await assert.rejects(counters.settle(long, long, amount), RangeError);
    }
    assert.deepEqual(await counters.read("b"), { used: 0, reserved: 0 });
    assert.deepEqual(await counters.read(long), { used: 0, reserved: 1 });
  },
};

const timePromises: Promises = {
  "what was used and reserved survives a restart": async ({ counters, reopen }) => {
    await counters.reserve("b", of("r1", 30));
    await counters.settle("b", "r1", 20);
    await counters.reserve("b", of("r2", 40));
    const again = await reopen();
    assert.deepEqual(await again.read("b"), { used: 20, reserved: 40 });
    await again.settle("b", "r1", 20);
    await again.settle("b", "r2", 10);
    assert.deepEqual(await again.read("b"), { used: 30, reserved: 0 });
  },

  "a reservation is given back from its expiresAt on": async ({ counters, time }) => {
    await counters.reserve("b", of("r1", 100));
    time.ms = startMs + minuteMs - 1;
    assert.equal((await counters.reserve("b", of("r2", 1))).granted, false);
    time.ms = startMs + minuteMs;
    assert.deepEqual(await counters.read("b"), { used: 0, reserved: 0 });
    const next = { ...of("r2", 100), expiresAt: startMs + 2 * minuteMs };
    assert.deepEqual(await counters.reserve("b", next), { granted: true, left: 0 });
  },

  "what was really used counts though the reservation had expired": async ({ counters, time }) => {
    await counters.reserve("b", of("r1", 10));
    time.ms = startMs + minuteMs + settleGraceMs - 1;
    await counters.settle("b", "r1", 25);
    await counters.settle("b", "r1", 25);
    assert.deepEqual(await counters.read("b"), { used: 25, reserved: 0 });
  },

  "an expired id may be reserved anew, where it has to fit again": async ({ counters, time }) => {
    await counters.reserve("b", of("r1", 60));
    time.ms = startMs + minuteMs;
    const later = { expiresAt: startMs + 2 * minuteMs };
    await counters.reserve("b", { ...of("r2", 60), ...later });
    assert.deepEqual(await counters.reserve("b", { ...of("r1", 60), ...later }), {
      granted: false,
      left: 40,
    });
    assert.deepEqual(await counters.reserve("b", { ...of("r1", 30), ...later }), { granted: true, left: 10 });
    assert.deepEqual(await counters.read("b"), { used: 0, reserved: 90 });
  },

  "a budget is kept while it is used, and forgotten long after": async ({ counters, time }) => {
    await counters.reserve("b", of("r1", 10));
    await counters.settle("b", "r1", 10);
    time.ms = startMs + budgetKeptMs - 1;
    await counters.reserve("other", { ...of("r2", 1), expiresAt: time.ms + minuteMs });
    assert.deepEqual(await counters.read("b"), { used: 10, reserved: 0 });
    time.ms = startMs + budgetKeptMs;
    await counters.reserve("other", { ...of("r3", 1), expiresAt: time.ms + minuteMs });
    assert.deepEqual(await counters.read("b"), { used: 0, reserved: 0 });
  },
};
