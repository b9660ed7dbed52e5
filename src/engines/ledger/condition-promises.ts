import assert from "node:assert/strict";
import type { Condition } from "./ledger.ts";
import { ids, made, ours, type LedgerUnderTest, type Promised } from "./samples.ts";

export function conditionPromises(promised: Promised): void {
  promised("what is missing fulfils nothing, and the not of it holds", async (under) => {
    const [answered, unanswered] = [made({ status: 503 }), made({ status: null, error: "timeout" })];
    await under.commit([answered, unanswered]);
    const failed: Condition = { field: "status", atLeast: 500, atMost: 599 };
    assert.deepEqual(await found(under, failed), [answered.id]);
    assert.deepEqual(await found(under, { not: failed }), [unanswered.id]);
    assert.deepEqual(await found(under, { not: { field: "error", like: "*" } }), [answered.id]);
    assert.deepEqual(await found(under, { field: "status", present: true }), [answered.id]);
  });

  promised("facts of any kind are asked for by name", async (under) => {
    const row = made({ facts: { verified: true, size: 12.5, "odd.name": "Visa" } });
    await under.commit([row, made({ facts: { size: 13 } }), made()]);
    const holding: readonly Condition[] = [
      { field: "facts.verified", is: ["true"] },
      { field: "facts.size", is: [12.5] },
      { field: "facts.size", atMost: 12.9 },
      { field: "facts.odd.name", like: "V*a" },
      { field: "facts.odd.name", present: true },
    ];
    for (const condition of holding) assert.deepEqual(await found(under, condition), [row.id]);
    for (const condition of [
      { field: "facts.size", is: ["12.5"] },
      { field: "facts.odd", present: true },
    ] as const)
      assert.deepEqual(await found(under, condition), []);
  });

  promised("a trace is asked for by its characters, and many have none", async (under) => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const traced = made({ trace });
    await under.commit([traced, made({ trace: "0af7651916cd43dd8448eb211c80319c" }), made()]);
    for (const condition of [
      { field: "trace", is: [trace] },
      { field: "trace", like: "4bf92f35*36" },
    ] as const)
      assert.deepEqual(await found(under, condition), [traced.id]);
    assert.equal((await found(under, { field: "trace", present: true })).length, 2);
    assert.equal((await found(under, { not: { field: "trace", like: "*" } })).length, 1);
  });

  promised("a fact that no database can store as a text disturbs nobody", async (under) => {
    const rows = [made({ facts: { type: "a\0b" } }), made({ facts: { type: "\uD800", "\0": 1 } })];
    await under.commit(rows);
    assert.equal((await found(under, { field: "facts.type", present: true })).length, 2);
    assert.equal((await found(under, { field: "facts.type", is: ["a\uFFFDb", "\uFFFD"] })).length, 2);
    assert.deepEqual(await found(under, { field: "facts.type", is: ["a\0b"] }), []);
  });

  promised("a condition with more than it may have is refused", async (under) => {
    const status: Condition = { field: "status", is: [200] };
    let deep: Condition = { ...status };
    for (let level = 1; level < 16; level++) deep = { not: deep };
    const fitting: readonly Condition[] = [
      deep,
      { all: Array.from({ length: 99 }, () => status) },
      { field: "status", is: Array.from({ length: 1_000 }, (_, n) => n) },
      { field: "path", like: `${"*a".repeat(8)}${"b".repeat(240)}` },
    ];
    for (const condition of fitting) await found(under, condition);
    const excessive: readonly Condition[] = [
      { not: deep },
      { any: Array.from({ length: 100 }, () => status) },
      { field: "status", is: Array.from({ length: 1_001 }, (_, n) => n) },
      { field: "path", like: "*".repeat(9) },
      { field: "path", like: "a".repeat(257) },
      { field: "path", is: ["a".repeat(65_537)] },
    ];
    for (const condition of excessive) await assert.rejects(found(under, condition), { kind: "invalid" });
    await assert.rejects(found(under, { field: "status", atLeast: Number.NaN }), RangeError);
  });
}

async function found({ ledger }: LedgerUnderTest, condition: Condition): Promise<readonly string[]> {
  return ids((await ledger.find({ workspace: ours, where: { condition }, limit: 10 })).rows);
}
