import assert from "node:assert/strict";
import { test } from "node:test";
import { openLink } from "./worker-link.ts";

/** A thread that takes longer to answer than the link's deadline is. */
const late = `import { parentPort } from "node:worker_threads";
parentPort.on("message", ({ id }) => setTimeout(() => parentPort.postMessage({ id, value: "late" }), 500));`;

test("a call may be given longer than the others of its link, as opening a file after a crash needs", async (t) => {
  const entry = new URL(`data:text/javascript,${encodeURIComponent(late)}`);
  const link = openLink({ name: "writer", entry, data: undefined, deadlineMs: 50 });
  t.after(() => link.close());
  assert.equal(await link.call("open", [], 60_000), "late");
  await assert.rejects(link.call("commit"), { kind: "unavailable" });
});
