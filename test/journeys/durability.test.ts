import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openTrafficFile } from "../../src/engines/sqlite/traffic-file.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { faulty } from "./faulty.ts";
import { freshFolder, serve, startServer } from "./server-process.ts";
import { traceOptions, tracer, unsyncedAnswers } from "./sync-trace.ts";

const webhooks = 20;
const markers = Array.from({ length: webhooks }, (_, n) => `marker-${String(n).padStart(4, "0")}`);

/** Why nothing can be traced here, or false. */
function untraceable(): string | false {
  const { error, status, stderr } = spawnSync(tracer, ["-f", "-e", "trace=none", "true"], {
    encoding: "utf8",
  });
  if (error !== undefined) return "strace is not installed";
  return status === 0 ? false : `this system lets nobody trace a process: ${stderr.trim()}`;
}

/** Sends webhooks one after the other, each its own commit, and answers the trace of the server's system calls. */
async function traced(t: TestContext, command: readonly string[]): Promise<string> {
  const folder = await freshFolder(t);
  const trace = join(await freshFolder(t), "trace");
  const server = await startServer(t, {
    folder,
    command: [tracer, "-o", trace, ...traceOptions, ...command],
  });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "traced", targetUrl: server.echoUrl });
  for (const marker of markers) {
    const answer = await fetch(`${ingestUrl}?${marker}`, { method: "POST", body: marker });
    assert.equal(answer.status, 200, await answer.text());
  }
  await server.stop();
  return readFile(trace, "utf8");
}

test("the writer of a server's traffic syncs every commit: synchronous is FULL", async (t) => {
  const folder = await freshFolder(t);
  const server = await startServer(t, { folder });
  await server.stop();
  const file = await openTrafficFile(join(folder, "traffic.db"), wallClock);
  const { synchronous, journalMode } = await file.facts();
  await file.close();
  assert.deepEqual([synchronous, journalMode], [2, "wal"]);
});

test("a webhook is written and synced to disk before its 200 leaves the process", async (t) => {
  const reason = untraceable();
  if (reason !== false) return t.skip(reason);
  assert.deepEqual(unsyncedAnswers(await traced(t, serve), markers), []);
});

test("a server that answers 200 and writes nothing is found out for every webhook", async (t) => {
  const reason = untraceable();
  if (reason !== false) return t.skip(reason);
  assert.deepEqual(unsyncedAnswers(await traced(t, faulty("forgetful")), markers), markers);
});

const asked = String.raw`7 read(20<socket:[1]>, "POST /in/a?marker-0001 HTTP/1.1\r\n"..., 65536) = 90`;
const stored = String.raw`8 pwrite64(19</data/traffic.db-wal>, "\r\0marker-0001\0"..., 8192, 56) = 8192`;
const synced = "8 fdatasync(19</data/traffic.db-wal>) = 0";
const answered = String.raw`7 writev(20<socket:[1]>, [{iov_base="HTTP/1.1 200 OK\r\n", iov_len=17}], 1) = 17`;

const honest: Readonly<Record<string, readonly string[]>> = {
  "asked, stored, synced, answered": [asked, stored, synced, answered],
  "a sync that another thread's call interrupts": [
    asked,
    stored,
    "8 fdatasync(19</data/traffic.db-wal> <unfinished ...>",
    "7 read(20<socket:[1]>, 0x7f, 65536) = -1 EAGAIN (Resource temporarily unavailable)",
    "8 <... fdatasync resumed>) = 0",
    answered,
  ],
};

const dishonest: Readonly<Record<string, readonly string[]>> = {
  "no sync at all": [asked, stored, answered],
  "answered before the sync": [asked, stored, answered, synced],
  "synced before it was stored": [asked, synced, stored, answered],
  "the sync was begun before it was stored": [
    asked,
    "9 fdatasync(19</data/traffic.db-wal> <unfinished ...>",
    stored,
    "9 <... fdatasync resumed>) = 0",
    answered,
  ],
  "answered while the sync is under way": [
    asked,
    stored,
    "8 fdatasync(19</data/traffic.db-wal> <unfinished ...>",
    answered,
    "8 <... fdatasync resumed>) = 0",
  ],
  "the sync failed": [asked, stored, synced.replace("= 0", "= -1 EIO (Input/output error)"), answered],
  "another file was synced": [asked, stored, synced.replace("traffic.db", "store.db"), answered],
  "something else was stored": [asked, stored.replace("0001", "0002"), synced, answered],
};

for (const [name, lines] of Object.entries(honest))
  test(`a trace is believed: ${name}`, () =>
    assert.deepEqual(unsyncedAnswers(lines.join("\n"), ["marker-0001"]), []));

for (const [name, lines] of Object.entries(dishonest))
  test(`a trace is not believed: ${name}`, () =>
    assert.deepEqual(unsyncedAnswers(lines.join("\n"), ["marker-0001"]), ["marker-0001"]));

test("a trace without the request or its answer proves nothing and is refused", () => {
  assert.throws(() => unsyncedAnswers([stored, synced, answered].join("\n"), ["marker-0001"]), /no request/);
  assert.throws(() => unsyncedAnswers([asked, stored, synced].join("\n"), ["marker-0001"]), /no answer/);
});
