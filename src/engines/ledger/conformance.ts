import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { endings } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import {
  cohorts,
  exchangesOf,
  families,
  steps,
  wheres,
  wheresOfConditions,
  wheresOfEndings,
} from "./arbitraries.ts";
import { conditionPromises } from "./condition-promises.ts";
import type { Find, Where } from "./ledger.ts";
import { hourMs } from "./rolled-hours.ts";
import { bySubjectAndState, countStatesAll, findAll } from "./oracle.ts";
import {
  attemptPromises,
  knownPromises,
  boundPromises,
  findPromises,
  isolationPromises,
  orderPromises,
  racePromises,
  readingPromises,
} from "./reading-promises.ts";
import { measureAgrees, rollingPromises } from "./rolling-promises.ts";
import {
  day,
  made,
  ours,
  plain,
  theirs,
  type LedgerUnderTest,
  type OpenLedger,
  type Promised,
} from "./samples.ts";
import { summaryPromises } from "./summary-promises.ts";
import { redactionPromises, removalPromises, sealingPromises } from "./upkeep-promises.ts";

/** Registers a test for every promise of `Ledger`, among them that it agrees with brute force on random exchanges. */
export function ledgerConformance(name: string, open: OpenLedger): void {
  const promised: Promised = (promise, keeps) =>
    test(`${name}: ${promise}`, async () => {
      const under = await open();
      try {
        await keeps(under);
      } finally {
        await under.close();
      }
    });
  readingPromises(promised);
  attemptPromises(promised);
  knownPromises(promised);
  findPromises(promised);
  boundPromises(promised);
  conditionPromises(promised);
  isolationPromises(promised);
  orderPromises(promised);
  racePromises(promised);
  removalPromises(promised);
  redactionPromises(promised);
  sealingPromises(promised);
  rollingPromises(promised);
  summaryPromises(promised);
  oraclePromises(promised);
}

/** What fails is told at once, with the seed to try it again: shrinking it over a database takes long. */
const runs = { numRuns: 40, endOnFailure: true };
let workspaces = 0;

/** Each run has a workspace of its own beside those of all runs before, and so tries isolation as well. */
async function committed(under: LedgerUnderTest, drawn: Parameters<typeof exchangesOf>[1]) {
  const workspace = `ws_${++workspaces}`;
  const rows = exchangesOf(workspace, drawn);
  if (rows.length > 0) await under.commit(rows);
  if (workspaces % 3 === 0) await under.ledger.seal(1_000);
  return { workspace, rows };
}

function oraclePromises(promised: Promised): void {
  promised("find agrees with brute force for any filter, page by page", (under) => findAgrees(under, wheres));

  promised("find by a condition agrees with brute force", (under) => findAgrees(under, wheresOfConditions));

  promised("find of several subjects agrees with brute force however far back in time", async (under) => {
    const now = Date.now();
    const ages = [
      -hourMs,
      0,
      59_999,
      60_000,
      60_001,
      ...[1, 2, 3, 26, 24 * 40].map((hours) => hours * hourMs),
    ];
    const rows = ages.flatMap((age) =>
      ["ep_1", "ep_2", "ep_3"].flatMap((subject) =>
        [200, 503, 503].map((status) => {
          const startedAt = now - age;
          return made({ id: newExchangeId(startedAt), startedAt, subject, status });
        }),
      ),
    );
    await under.commit(rows);
    const fault = { condition: { field: "status", atLeast: 500 } } as const;
    const few = { ...fault, subjects: ["ep_1", "ep_3"] };
    for (const where of [fault, few, { ...few, from: now - 2 * hourMs, to: now }, { statuses: [200] }, {}])
      for (const limit of [1, 4, 1_000]) {
        const query = { workspace: ours, where, limit };
        const found = await pages(under, query, rows.length);
        assert.deepEqual(found.map(plain), findAll(rows, query).map(plain));
      }
  });

  promised("find by ending agrees with brute force among thousands of other endings", async (under) => {
    for (const ending of endings)
      await under.commit(Array.from({ length: 5_100 }, () => made({ workspace: theirs, ending })));
    await findAgrees(under, wheresOfEndings);
  });

  promised("find by an ending that most events have agrees with brute force", async (under) => {
    const rows = Array.from({ length: 2_400 }, (_, i) => {
      const event = made({ startedAt: day + i, subject: `ep_${i % 2}` });
      const ending = i % 100 === 0 ? "failed" : "delivered";
      const more = { kind: "attempt", parent: event.id, attempt: 1, subject: event.subject, ending } as const;
      return [event, made({ ...more, startedAt: day + i + 1 })];
    }).flat();
    await under.commit(rows);
    for (const where of [{ subjects: ["ep_1"] }, {}])
      for (const ending of endings) {
        const query = { workspace: ours, where: { ...where, endings: [ending] }, limit: 30 };
        const { rows: found } = await under.ledger.find(query);
        assert.deepEqual(found.map(plain), findAll(rows, query).slice(0, 30).map(plain));
      }
  });

  promised("measure agrees with brute force for any filter and step", async (under) => {
    const property = fc.asyncProperty(
      families,
      wheres,
      steps,
      fc.boolean(),
      async (drawn, where, stepMs, bySubject) => {
        const { workspace, rows } = await committed(under, drawn);
        const { endings: _, ...rest } = where;
        const query = { workspace, where: rest, bySubject, ...(stepMs !== undefined && { stepMs }) };
        await measureAgrees(under.ledger, query, rows);
      },
    );
    await fc.assert(property, runs);
  });

  promised("endings are counted as by brute force for any cohort", async (under) => {
    const property = fc.asyncProperty(families, cohorts, async (drawn, { subjects, ...cohort }) => {
      const { workspace, rows } = await committed(under, drawn);
      const query = { workspace, ...cohort, jobs: [], ...(subjects && { subjects }) };
      const counted = (await under.ledger.countStates(query)).toSorted(bySubjectAndState);
      assert.deepEqual(
        counted.map((row) => ({ ...row })),
        countStatesAll(rows, query),
      );
    });
    await fc.assert(property, runs);
  });
}

async function findAgrees(under: LedgerUnderTest, where: fc.Arbitrary<Where>): Promise<void> {
  const query = fc.record({ where, limit: fc.integer({ min: 1, max: 12 }) });
  const queries = fc.array(query, { minLength: 4, maxLength: 4 });
  const property = fc.asyncProperty(families, queries, async (drawn, asked) => {
    const { workspace, rows } = await committed(under, drawn);
    for (const one of asked) {
      const found = await pages(under, { workspace, ...one }, rows.length);
      assert.deepEqual(found.map(plain), findAll(rows, { workspace, ...one }).map(plain));
    }
  });
  await fc.assert(property, runs);
}

async function pages({ ledger }: LedgerUnderTest, query: Find, rows: number) {
  const seen = [];
  for (let page = 0; page <= rows; page++) {
    const last = seen.at(-1);
    const found = await ledger.find({
      ...query,
      ...(last && { after: { startedAt: last.startedAt, id: last.id } }),
    });
    if (found.rows.length === 0) break;
    seen.push(...found.rows);
  }
  return seen;
}
