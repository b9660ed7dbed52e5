import assert from "node:assert/strict";
import fc from "fast-check";
import type { Summary } from "../../kernel/summary.ts";
import { Histogram } from "../stored/histogram.ts";
import { keptFrom } from "./intervals.ts";
import type { Sum, Summed } from "./ledger.ts";
import { day, ours, theirs, type LedgerUnderTest, type Promised } from "./samples.ts";
import { happening, question } from "./summary-arbitraries.ts";
import { byKeys, keysOf, sumAll, type Calls } from "./summary-oracle.ts";

/** What fails is told at once, with the seed to try it again: shrinking it over a database takes long. */
const runs = { numRuns: 60, endOnFailure: true };
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const hour = day - (day % hourMs);
let workspaces = 0;

export function summaryPromises(promised: Promised): void {
  promised(
    "sums agree with brute force, however far they are folded, whatever was committed twice or removed",
    async (under) => {
      const between = fc.record({ happens: happening, asked: question });
      const story = fc.array(between, { minLength: 1, maxLength: 10 });
      const property = fc.asyncProperty(story, async (happened) => {
        const workspace = `ws_summed_${++workspaces}`;
        let there: readonly Calls[] = [];
        for (const [n, { happens, asked }] of happened.entries()) {
          there = await takesPlace(under, { workspace, key: `${workspace}/${n}`, there }, happens);
          await sumAgrees(under, { ...asked, workspace }, there);
        }
      });
      await fc.assert(property, runs);
    },
  );

  promised("summaries count once for each time that their key is taken", async (under) => {
    await under.summarise([summaryOf()], "batch 1");
    await under.summarise([summaryOf()], "batch 1");
    await Promise.all(Array.from({ length: 5 }, () => under.summarise([summaryOf()], "batch 2")));
    assert.equal(await counted(under), 2);
    await under.summarise([summaryOf()]);
    await under.summarise([summaryOf()]);
    assert.equal(await counted(under), 4);
    await rollAll(under);
    await under.summarise([summaryOf()], "batch 1");
    assert.equal(await counted(under), 4);
  });

  promised("a summary of another workspace is in no sum", async (under) => {
    await under.summarise([summaryOf({ workspace: theirs, count: 7 }), summaryOf()], "batch");
    for (const roll of [false, true]) {
      if (roll) await rollAll(under);
      assert.equal(await counted(under), 1);
    }
    assert.deepEqual(await under.ledger.sum({ ...ofHour, workspace: "ws_unknown" }), []);
  });

  promised("no sum misses or repeats a call while entries, rolls and sums race", async (under) => {
    const done = { started: 0, resolved: 0, writing: true };
    const write = async () => {
      for (let n = 0; n < 60; n++) {
        done.started += 3;
        const at = hour + (n % 90) * minuteMs;
        await under.summarise([summaryOf({ at, count: 2 }), summaryOf({ at, route: `/${n}` })], `batch ${n}`);
        done.resolved += 3;
      }
      done.writing = false;
    };
    const roll = async () => {
      while (done.writing) await under.ledger.roll(7);
    };
    const ask = async () => {
      while (done.writing) {
        const least = done.resolved;
        const count = await counted(under);
        assert.ok(count >= least && count <= done.started, `${count} of ${least} to ${done.started}`);
      }
    };
    await Promise.all([write(), roll(), ask()]);
    await rollAll(under);
    assert.equal(await counted(under), 180);
  });

  promised(
    "routes beyond what an interval may hold are told together, and all are counted",
    async (under) => {
      const many = (from: number) =>
        Array.from({ length: 1_500 }, (_, n) => summaryOf({ route: `/${from + n}`, status: 200 + (n % 3) }));
      for (const from of [0, 1_500]) await under.summarise(many(from), `batch ${from}`);
      await rollAll(under);
      const routes = await under.ledger.sum({ ...ofHour, by: ["route", "status"] });
      assert.equal(total(routes), 3_000);
      assert.equal(routes.filter(({ route }) => route !== "(other)").length, 2_000);
      assert.equal(total(routes.filter(({ route }) => route === "(other)")), 1_000);
      assert.equal(await counted(under), 3_000);
    },
  );

  promised(
    "what adds up to more than numbers are exact to stays at that, and is folded on and on",
    async (under) => {
      const huge = Number.MAX_SAFE_INTEGER;
      const one = summaryOf({ count: huge, requestBytes: huge, durations: encodedCount(huge) });
      for (let n = 0; n < 20; n++) {
        await under.summarise([one, one], `batch ${n}`);
        if (n % 2 === 0) await rollAll(under);
        const [{ count, requestBytes, durations } = assert.fail("it is gone")] =
          await under.ledger.sum(ofHour);
        assert.deepEqual([count, requestBytes], [huge, huge]);
        assert.ok(durations.percentile(50) > 0);
      }
    },
  );

  promised("sums go with the hours that expire, and stay when a subject is purged", async (under) => {
    const at = [hour - hourMs, hour - minuteMs, hour, hour + hourMs];
    await under.summarise(
      at.map((minute) => summaryOf({ at: minute })),
      "batch",
    );
    await rollAll(under);
    assert.equal(await under.ledger.purge(ours, "ep_a", 10), 0);
    assert.equal(await under.ledger.expire([{ workspace: ours, before: hour + 30 * minuteMs }], 1_000), 0);
    const left = await under.ledger.sum({
      workspace: ours,
      where: { from: hour - 2 * hourMs, to: hour + 2 * hourMs },
      stepMs: minuteMs,
      by: [],
    });
    assert.deepEqual(
      left.map((row) => row.at).toSorted((a, b) => a - b),
      [hour, hour + hourMs],
    );
  });

  promised("a question that is not of whole minutes, or of too many steps, is refused", async (under) => {
    const { ledger } = under;
    const where = { from: hour, to: hour + 11_000 * minuteMs };
    await assert.rejects(ledger.sum({ ...ofHour, where: { ...where, from: hour + 1 } }), RangeError);
    await assert.rejects(ledger.sum({ ...ofHour, stepMs: 90_001 }), RangeError);
    await assert.rejects(ledger.sum({ ...ofHour, stepMs: 0 }), RangeError);
    await assert.rejects(ledger.sum({ ...ofHour, where, stepMs: minuteMs }), { kind: "too_large" });
    for (const odd of [
      { at: hour + 1 },
      { count: -1 },
      { durations: Uint8Array.of(255) },
      { durationMs: NaN },
    ])
      await assert.rejects(under.summarise([summaryOf(odd)]), RangeError);
    assert.equal(await counted(under), 0);
  });
}

const ofHour: Sum = { workspace: ours, where: { from: hour, to: hour + 2 * hourMs }, by: [] };

function summaryOf(change: Partial<Summary> = {}): Summary {
  const calls = { route: "/a", method: "GET", status: 200, outcome: "answered" };
  const place = { workspace: ours, environment: "production", bucket: "shop", at: hour };
  const figures = { count: 1, requestBytes: 10, responseBytes: 20, durationMs: 5, durations: encoded([5]) };
  return { ...place, ...calls, ...figures, ...change };
}

function encoded(ms: readonly number[]): Uint8Array {
  const histogram = new Histogram();
  for (const one of ms) histogram.add(one);
  return histogram.encode();
}

function encodedCount(count: number): Uint8Array {
  const histogram = new Histogram();
  histogram.addSlot(500, count);
  return histogram.encode();
}

function total(rows: readonly Summed[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0);
}

async function counted({ ledger }: LedgerUnderTest): Promise<number> {
  return total(await ledger.sum(ofHour));
}

async function rollAll({ ledger }: LedgerUnderTest): Promise<void> {
  while ((await ledger.roll(1_000)) > 0);
}

type Story = { readonly workspace: string; readonly key: string; readonly there: readonly Calls[] };
type Happening = typeof happening extends fc.Arbitrary<infer H> ? H : never;

/** Answers which calls count afterwards. */
async function takesPlace(
  under: LedgerUnderTest,
  { workspace, key, there }: Story,
  happens: Happening,
): Promise<readonly Calls[]> {
  if ("roll" in happens) {
    await under.ledger.roll(happens.roll);
    return there;
  }
  if ("expire" in happens) {
    await rollAll(under);
    await under.ledger.expire([{ workspace, before: happens.expire }], 1_000);
    return there.filter(({ at }) => at >= keptFrom(happens.expire));
  }
  const calls = happens.commit.map((one) => ({ ...one, workspace }));
  for (let time = 0; time < happens.times; time++) await under.summarise(calls.map(summedUp), key);
  return [...there, ...calls];
}

function summedUp({ ms, ...calls }: Calls): Summary {
  const durationMs = ms.reduce((sum, one) => sum + one, 0);
  return { ...calls, count: ms.length, durationMs, durations: encoded(ms) };
}

async function sumAgrees({ ledger }: LedgerUnderTest, query: Sum, there: readonly Calls[]): Promise<void> {
  const summed = (await ledger.sum(query))
    .map((row) => ({ ...row, keys: keysOf(query.by, row) }))
    .toSorted(byKeys);
  const wanted = sumAll(there, query);
  assert.deepEqual(summed.map(exact), wanted.map(exact));
  for (const [n, row] of summed.entries()) {
    const calls = wanted[n];
    assert.ok(calls);
    isNear(row.durationMs, calls.durationMs, 1e-9);
    for (const percent of [0, 50, 95, 99, 100])
      isNear(row.durations.percentile(percent), calls.percentile(percent), 0.01);
  }
}

type Figures = Pick<Summed, "count" | "requestBytes" | "responseBytes"> & { readonly keys: string };

function exact({ keys, count, requestBytes, responseBytes }: Figures) {
  return { keys, count, requestBytes, responseBytes };
}

function isNear(found: number, wanted: number, error: number): void {
  assert.ok(Math.abs(found - wanted) <= wanted * error + 1e-6, `${found} for ${wanted}`);
}
