import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Failure } from "../../kernel/failure.ts";
import { openTrafficFile, type TrafficFile } from "../sqlite/traffic-file.ts";
import { sampleExchange, sampleJob, testClock } from "./samples.ts";
import { sqliteTraffic } from "./sqlite.ts";
import type { Traffic, Verdict } from "./traffic.ts";

type Opened = { readonly path: string; readonly file: TrafficFile; readonly traffic: Traffic };

async function folder(context: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "traffic-"));
  context.after(() => rm(made, { recursive: true }));
  return made;
}

async function open(context: TestContext): Promise<Opened> {
  const path = join(await folder(context), "traffic.db");
  const clock = testClock();
  const file = await openTrafficFile(path, clock);
  return { path, file, traffic: await sqliteTraffic(file, clock) };
}

function commit(traffic: Traffic): Promise<Verdict> {
  const exchange = sampleExchange();
  return traffic.journal.commit({
    exchanges: [exchange],
    jobs: [sampleJob({ id: exchange.id, exchange: exchange.id })],
  });
}

/** Tries until the journal has recovered; an error that is no failure ends the test. */
async function commitEventually(traffic: Traffic): Promise<void> {
  for (;;) {
    try {
      await commit(traffic);
      return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function assertUnavailable(result: PromiseSettledResult<unknown>): void {
  assert.equal(result.status, "rejected");
  assert.ok(result.reason instanceof Failure, String(result.reason));
  assert.equal(result.reason.kind, "unavailable");
  assert.equal(result.reason.detail.retryAfterMs, 5_000);
  assert.ok(result.reason.detail.hint);
}

test("the writer syncs every commit to disk", async (context) => {
  const { file, traffic } = await open(context);
  assert.deepEqual(await file.facts(), { synchronous: 2, journalMode: "wal", pageSize: 8192 });
  await traffic.close();
});

test("what a job works for is read back from memory, an attempt from the file", async (context) => {
  const { file } = await open(context);
  const reads: string[] = [];
  const watched: TrafficFile = {
    ...file,
    read(sql, params) {
      reads.push(sql);
      return file.read(sql, params);
    },
  };
  const traffic = await sqliteTraffic(watched, testClock());
  const event = sampleExchange();
  const attempt = sampleExchange({ kind: "attempt", parent: event.id, attempt: 1 });
  await traffic.journal.commit({ exchanges: [event], jobs: [sampleJob({ exchange: event.id })] });
  await traffic.journal.commit({ exchanges: [attempt], jobs: [] });
  reads.length = 0;
  assert.equal((await traffic.recent.get("ws_1", event.id))?.number, 1);
  assert.equal(reads.length, 0);
  assert.equal((await traffic.recent.get("ws_1", attempt.id))?.attempt, 1);
  assert.equal(reads.length, 1);
  await traffic.close();
});

test("a writer that dies fails the commits under way, and none that was acknowledged is lost", async (context) => {
  const { path, file, traffic } = await open(context);
  const acknowledged = new Set<string>();
  const refused = new Set<string>();
  const attempt = async () => {
    const exchange = sampleExchange();
    const jobs = [
      sampleJob({ id: exchange.id, exchange: exchange.id, lane: `lane_${acknowledged.size % 7}` }),
    ];
    try {
      await traffic.journal.commit({ exchanges: [exchange], jobs });
      acknowledged.add(exchange.id);
    } catch (error) {
      assert.ok(error instanceof Failure && error.kind === "unavailable", String(error));
      refused.add(exchange.id);
    }
  };
  for (let round = 0; round < 3; round++) {
    const attempts = Array.from({ length: 2_000 }, attempt);
    await new Promise((resolve) => setTimeout(resolve, 5 * round));
    await file.killWriter();
    await Promise.all(attempts);
    await commitEventually(traffic);
  }
  assert.ok(refused.size > 0, "the writer was killed too late to be of use");

  // Whether or not it was acknowledged, what is in the file is handed out, each job once.
  const claimed = new Set<string>();
  const stored = new DatabaseSync(path, { readOnly: true });
  const inFile = stored
    .prepare("select id from job")
    .all()
    .map((row) => String(row["id"]));
  for (;;) {
    const jobs = await traffic.queue.claim(["deliver"], 100, 60_000);
    if (jobs.length === 0) break;
    for (const { id } of jobs) {
      assert.ok(!claimed.has(id), "handed out twice");
      claimed.add(id);
    }
    await Promise.all(
      jobs.map((job) =>
        traffic.journal.commit({
          exchanges: [],
          jobs: [],
          finish: { job: job.id, claim: job.claim, then: { kind: "done" } },
        }),
      ),
    );
  }
  stored.close();
  assert.deepEqual([...claimed].toSorted(), inFile.toSorted());
  for (const id of acknowledged) assert.ok(claimed.has(id), "an acknowledged job was lost");
  await traffic.close();
});

test("while another process has the file locked, commits fail as unavailable; afterwards they work", async (context) => {
  const { path, traffic } = await open(context);
  await commit(traffic);
  const script = `
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(process.argv[1]);
    database.exec("begin immediate");
    console.log("locked");
    process.stdin.once("data", () => { database.exec("rollback"); process.exit(); });`;
  const other = spawn(process.execPath, ["-e", script, path], { stdio: ["pipe", "pipe", "inherit"] });
  await once(createInterface(other.stdout), "line");
  const results = await Promise.allSettled(Array.from({ length: 1_200 }, () => commit(traffic)));
  for (const result of results) assertUnavailable(result);
  other.stdin.write("go\n");
  await once(other, "exit");
  assert.equal((await commit(traffic)).kind, "committed");
  assert.equal((await traffic.queue.depth()).open, 2);
  await traffic.close();
});

test("a disk that refuses to grow fails commits as unavailable and leaves nothing of them", async (context) => {
  const { file, traffic } = await open(context);
  await commit(traffic);
  const [pages] = await file.read("pragma page_count", []);
  await file.write([{ sql: `pragma max_page_count = ${Number(pages?.["page_count"])}`, params: [] }]);
  const exchange = sampleExchange({ facts: { text: "x".repeat(100_000) } });
  const result = await Promise.allSettled([
    traffic.journal.commit({ exchanges: [exchange], jobs: [sampleJob()] }),
  ]);
  assertUnavailable(result[0]);
  assert.equal((await traffic.queue.depth()).open, 1);
  assert.equal(await traffic.recent.get("ws_1", exchange.id), undefined);
  // The connection opened after the failure has no such limit.
  assert.equal((await commit(traffic)).kind, "committed");
  await traffic.close();
});

test("more than 10,000 waiting commits are refused at once, the others go through", async (context) => {
  const { traffic } = await open(context);
  const results = await Promise.allSettled(Array.from({ length: 10_050 }, () => commit(traffic)));
  const refused = results.filter((result) => result.status === "rejected");
  assert.equal(refused.length, 50);
  refused.forEach(assertUnavailable);
  assert.equal((await traffic.queue.depth()).open, 10_000);
  await traffic.close();
});

test("the write-ahead log stays bounded under load and is empty after closing", async (context) => {
  const { path, file, traffic } = await open(context);
  let largest = 0;
  const body = { bytes: Buffer.alloc(2_000, "abc"), size: 2_000, sha256: "", truncated: false };
  for (let round = 0; round < 30; round++) {
    const commits = Array.from({ length: 1_000 }, (_, i) => {
      const exchange = sampleExchange({ subject: `ep_${i % 50}`, request: { headers: [], body } });
      return traffic.journal.commit({ exchanges: [exchange], jobs: [sampleJob({ exchange: exchange.id })] });
    });
    // Readers that come and go must not keep the log from starting over.
    await Promise.all([...commits, file.read("select count(*) from exchange", [])]);
    largest = Math.max(largest, (await stat(`${path}-wal`)).size);
  }
  assert.ok(largest < 64 * 1024 * 1024, `the log grew to ${largest} bytes`);
  await traffic.close();
  await assert.rejects(stat(`${path}-wal`), { code: "ENOENT" });
});

test("a process killed in the middle of its load loses nothing it acknowledged and tears no entry", async (context) => {
  const path = join(await folder(context), "traffic.db");
  const load = fileURLToPath(new URL("../../../test/engines/traffic-load.ts", import.meta.url));
  const acknowledged: string[] = [];
  for (let kill = 0; kill < 5; kill++) {
    const child = spawn(process.execPath, [load, path], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const wanted = 300 + 700 * kill;
    let seen = 0;
    for await (const line of createInterface(child.stdout)) {
      acknowledged.push(line);
      seen++;
      if (seen === wanted) child.kill("SIGKILL");
    }
    assert.deepEqual(await exited, [null, "SIGKILL"]);
  }
  const file = await openTrafficFile(path, testClock());
  const check = async (sql: string) => (await file.read(sql, [])).map((row) => String(row["id"]));
  const stored = new Set(await check("select lower(hex(id)) as id from exchange"));
  assert.ok(acknowledged.length > 5_000);
  for (const id of acknowledged) assert.ok(stored.has(id.slice(3)), `${id} was acknowledged and is lost`);
  assert.deepEqual(
    await check("select lower(hex(id)) as id from exchange where id not in (select exchange from job)"),
    [],
  );
  assert.deepEqual(await check("select id from job where exchange not in (select id from exchange)"), []);
  assert.deepEqual(await check("select integrity_check as id from pragma_integrity_check"), ["ok"]);
  await file.close();
});

test("the log stays bounded beside readers that never rest", async (context) => {
  const { path, file, traffic } = await open(context);
  // Longer than the writer takes from one commit to the next, so that one or the other is always in the log.
  const query =
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000) select max(i), (select count(*) from exchange) from n";
  let writing = true;
  const reading = Array.from({ length: 4 }, async () => {
    while (writing) await file.read(query, []);
  });
  const body = Buffer.alloc(1024 * 1024, "x");
  let largest = 0;
  for (let n = 0; n < 220; n++) {
    const exchange = sampleExchange({
      request: { headers: [], body: { bytes: body, size: body.length, sha256: "", truncated: false } },
    });
    await traffic.journal.commit({ exchanges: [exchange], jobs: [] });
    largest = Math.max(largest, (await stat(`${path}-wal`)).size);
  }
  writing = false;
  await Promise.all(reading);
  await traffic.close();
  assert.ok(largest < 160 * 1024 * 1024, `the log grew to ${largest} bytes`);
});
