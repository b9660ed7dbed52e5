import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as budget from "../src/budget.ts";
import { Ring } from "../src/ring.ts";

const most = 300_000;

test("pieces come out as they went in, in their order, however writing and reading alternate", () => {
  const steps = fc.array(fc.oneof(fc.nat(most), fc.constant("read" as const)), {
    minLength: 50,
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (list) => {
      const ring = new Ring();
      const reader = new Ring(ring.memory);
      const expected: { readonly length: number; readonly mark: number }[] = [];
      for (const [n, step] of list.entries())
        if (step === "read") {
          const piece = reader.read();
          const first = expected.shift();
          assert.deepEqual(piece && { length: piece.length, mark: piece.at(-1) }, first);
        } else {
          const length = step + 1;
          const mark = n % 256;
          // It promises more than it takes, as text does that turns out to be ASCII.
          const fits = ring.write(length * 2, (bytes) => (bytes.fill(mark, 0, length), length));
          if (fits) expected.push({ length, mark });
          assert.ok(ring.used <= budget.ringBytes);
        }
      for (const wanted of expected) assert.equal(reader.read()?.length, wanted.length);
      assert.equal(reader.read(), undefined);
    }),
    { numRuns: 60 },
  );
});

test("a ring that is full takes nothing more until something is read", () => {
  const ring = new Ring();
  let taken = 0;
  while (ring.write(most, () => most)) taken += 1;
  assert.equal(taken, Math.floor(budget.ringBytes / (most + 4)));
  ring.read();
  ring.read();
  assert.ok(ring.write(most, () => most));
});

test("what the agent may hold adds up to what it says of the whole process", () => {
  const { openBytesMax, ringBytes, queueBytesMax, summaryBytesMax, batchBytesMax } = budget;
  // A batch is held twice while it is compressed.
  const sum = openBytesMax + ringBytes + queueBytesMax + summaryBytesMax + 2 * batchBytesMax;
  assert.equal(sum, budget.processBytesMax);
});
