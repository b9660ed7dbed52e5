import assert from "node:assert/strict";
import { test } from "node:test";
import { progressLine } from "./progress-line.ts";

function written() {
  let now = 1_000_000;
  const texts: string[] = [];
  const line = progressLine({ now: () => now }, (text) => void texts.push(text));
  return { line, texts, pass: (ms: number) => void (now += ms) };
}

test("what is over within a quarter of a second is not told, and leaves nothing to clear", () => {
  const { line, texts, pass } = written();
  for (let done = 0; done <= 4; done++) {
    line.tell(done, 4, "steps");
    pass(50);
  }
  line.clear();
  assert.deepEqual(texts, []);
});

test("what takes longer is told in one line, written over at most every 100 ms, and cleared", () => {
  const { line, texts, pass } = written();
  for (let done = 0; done <= 36; done++) {
    line.tell(done, 300, "steps");
    pass(10);
  }
  assert.deepEqual(texts, [
    "\r\u001b[K25 of 300, 100 a second: steps",
    "\r\u001b[K35 of 300, 100 a second: steps",
  ]);
  line.clear();
  line.clear();
  assert.deepEqual(texts.slice(2), ["\r\u001b[K"]);
});

test("a slow rate has a digit more, and what a server says cannot move the cursor", () => {
  const { line, texts, pass } = written();
  line.tell(0, 3, "");
  pass(2_000);
  line.tell(1, 3, "\u001b[2J");
  assert.equal(texts.length, 1);
  assert.ok(texts[0]?.startsWith("\r\u001b[K1 of 3, 0.5 a second: "));
  assert.ok(!texts[0]?.includes("\u001b[2J"));
});
