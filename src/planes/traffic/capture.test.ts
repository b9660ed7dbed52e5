import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { bringIn } from "../../../test/captured.ts";
import { openWorld } from "../../../test/world.ts";
import type { Entry } from "../../engines/traffic/traffic.ts";

test("others have the event loop while a large batch is redacted", async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const workspace = await world.newWorkspace();
  const { traffic } = world.engines;
  const committing = new AbortController();
  const journal = {
    ...traffic.journal,
    commit(entry: Entry) {
      committing.abort();
      return traffic.journal.commit(entry);
    },
  };
  const engines = { ...world.engines, traffic: { ...traffic, journal } };
  const text = JSON.stringify(Array.from({ length: 400 }, (_, id) => ({ id, note: "some words of text" })));
  const bringing = bringIn(
    { engines, workspace },
    Array.from({ length: 300 }, () => ({ response: { text } })),
  );
  let turns = 0;
  for (; !committing.signal.aborted; turns++) await setImmediate();
  assert.equal((await bringing).accepted, 300);
  assert.ok(turns > 10, `it was committed after ${turns} turns`);
});
