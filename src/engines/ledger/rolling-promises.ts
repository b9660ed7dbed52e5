import assert from "node:assert/strict";
import fc from "fast-check";
import type { NewExchange } from "../../kernel/exchange.ts";
import { exchangesOf, farFamilies, happenings, longQuestions } from "./arbitraries.ts";
import type { Ledger, Measured } from "./ledger.ts";
import { bySubjectAndState, byStepAndSubject, countStatesAll, measureAll } from "./oracle.ts";
import { hourMs, hoursOfMeasure } from "./rolled-hours.ts";
import { day, everything, made, nth, ours, type LedgerUnderTest, type Promised } from "./samples.ts";

/** What fails is told at once, with the seed to try it again: shrinking it over a database takes long. */
const runs = { numRuns: 60, endOnFailure: true };
let workspaces = 0;

export function rollingPromises(promised: Promised): void {
  promised(
    "figures over hours agree with brute force, however far they are rolled up and whatever is removed",
    async (under) => {
      const between = fc.record({ happening: happenings, question: longQuestions });
      const story = fc.array(between, { minLength: 1, maxLength: 10 });
      const property = fc.asyncProperty(farFamilies, story, async (drawn, happened) => {
        const workspace = `ws_rolled_${++workspaces}`;
        const left = exchangesOf(workspace, drawn);
        for (const { happening, question } of happened) {
          await happens(under, workspace, happening, left);
          await agrees(under, workspace, question);
        }
      });
      await fc.assert(property, runs);
    },
  );

  promised("roll answers how many, at most the limit, and 0 when all is rolled up", async (under) => {
    await under.commit(Array.from({ length: 25 }, (_, i) => made({ startedAt: day + i * hourMs })));
    const rolled = [10, 10, 10, 10].map(async (limit) => under.ledger.roll(limit));
    assert.deepEqual(await Promise.all(rolled), [10, 10, 5, 0]);
    await under.commit([made()]);
    assert.equal(await under.ledger.roll(10), 1);
  });

  promised(
    "no answer misses or repeats an exchange while commits, rolls and removals race",
    async (under) => {
      const { ledger, commit } = under;
      await commit(
        Array.from({ length: 600 }, (_, i) =>
          made({ startedAt: day - (i % 50) * hourMs, subject: "ep_old" }),
        ),
      );
      const done = { started: 0, resolved: 0, writing: true };
      const write = async () => {
        for (let i = 0; i < 80; i++) {
          done.started += 5;
          await commit(
            Array.from({ length: 5 }, (_, n) =>
              made({ startedAt: day + n * 2 * hourMs, ending: "rejected" }),
            ),
          );
          done.resolved += 5;
        }
        done.writing = false;
      };
      const roll = async () => {
        while (done.writing) await ledger.roll(7);
      };
      const remove = async () => {
        while (done.writing) await ledger.expire([{ workspace: ours, before: day }], 9);
      };
      const ask = async () => {
        while (done.writing) {
          const least = done.resolved;
          const [figures] = await ledger.measure({
            workspace: ours,
            where: { subjects: ["ep_a"] },
            bySubject: false,
          });
          const [ended] = await ledger.countStates({ ...ofEverything, subjects: ["ep_a"] });
          for (const count of [figures?.count ?? 0, ended?.count ?? 0])
            assert.ok(count >= least && count <= done.started, `${count} of ${least} to ${done.started}`);
        }
      };
      await Promise.all([write(), roll(), remove(), ask()]);
      while ((await ledger.roll(1_000)) > 0);
      assert.equal((await ledger.countStates(ofEverything))[0]?.count, 400);
    },
  );

  promised("more groups than an answer may hold are refused from hours too", async ({ ledger, commit }) => {
    await commit(Array.from({ length: 10_001 }, (_, i) => made({ startedAt: day + i * hourMs })));
    await ledger.roll(8_000);
    const measure = (stepMs: number) =>
      ledger.measure({ workspace: ours, where: {}, stepMs, bySubject: false });
    await assert.rejects(measure(hourMs), { kind: "too_large" });
    assert.equal((await measure(24 * hourMs)).length, 418);
  });
}

const ofEverything = { workspace: ours, kinds: ["event"], jobs: [], receivedFrom: 0, receivedTo: Infinity };

type Happening = typeof happenings extends fc.Arbitrary<infer H> ? H : never;
type Question = typeof longQuestions extends fc.Arbitrary<infer Q> ? Q : never;

/** `left`: what is not committed so far; parents come first. */
async function happens(
  { ledger, commit }: LedgerUnderTest,
  workspace: string,
  happening: Happening,
  left: NewExchange[],
): Promise<void> {
  if ("commit" in happening) {
    const rows = left.splice(0, happening.commit);
    if (rows.length > 0) await commit(rows);
  } else if ("roll" in happening) await ledger.roll(happening.roll);
  else if ("expire" in happening)
    await ledger.expire([{ workspace, before: happening.expire }], happening.limit);
  else await ledger.purge(workspace, happening.purge, happening.limit);
}

/** With brute force over the exchanges that are there at this moment. */
async function agrees(under: LedgerUnderTest, workspace: string, question: Question): Promise<void> {
  const rows = await everything(under, workspace);
  const { where, stepMs, bySubject, cohort } = question;
  const asked = { workspace, where, bySubject, ...(stepMs !== undefined && { stepMs }) };
  await measureAgrees(under.ledger, asked, rows);
  const { subjects, ...window } = cohort;
  const query = { workspace, ...window, jobs: [], ...(subjects && { subjects }) };
  const counted = (await under.ledger.countStates(query)).toSorted(bySubjectAndState);
  assert.deepEqual(
    counted.map((row) => ({ ...row })),
    countStatesAll(rows, query),
  );
}

/** Percentiles of rows to the nanosecond, since engines add in other orders; of hours within 1 %. */
export async function measureAgrees(
  ledger: Ledger,
  query: Parameters<Ledger["measure"]>[0],
  rows: readonly NewExchange[],
): Promise<void> {
  const measured = (await ledger.measure(query)).toSorted(byStepAndSubject);
  const wanted = measureAll(rows, query);
  assert.deepEqual(measured.map(counts), wanted.map(counts));
  const error = hoursOfMeasure(query, 0) === undefined ? 1e-9 : 0.01;
  for (const [n, row] of measured.entries()) {
    const exact = nth(wanted, n);
    for (const name of ["p50Ms", "p95Ms", "p99Ms"] as const)
      assert.ok(
        Math.abs(row[name] - exact[name]) <= exact[name] * error + 1e-6,
        `${name} ${row[name]} for ${exact[name]}`,
      );
  }
}

function counts(row: Measured): Measured {
  return { ...row, p50Ms: 0, p95Ms: 0, p99Ms: 0 };
}
