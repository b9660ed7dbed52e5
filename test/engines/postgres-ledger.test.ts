import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { partitionDays, partitionName } from "../../src/engines/postgres/partitions.ts";
import { numberOf, textOf } from "../../src/engines/stored/row.ts";
import {
  bare,
  ids,
  listed,
  made,
  nth,
  ours,
  plain,
  theirs,
  withContent,
} from "../../src/engines/ledger/samples.ts";
import { sampleJob } from "../../src/engines/traffic/samples.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import type { NewExchange } from "../../src/kernel/exchange.ts";
import { sharedPostgres, startPostgres, type PostgresServer } from "../postgres-server.ts";
import { openPostgresLedger, type PostgresLedger } from "./postgres-ledger.ts";

/* What only PostgreSQL can get wrong; everything else is in the suite that runs over every database. */

const dayMs = 86_400_000;
const monday = 20_000 * dayMs;

async function withLedger(use: (opened: PostgresLedger, url: string) => Promise<void>): Promise<void> {
  const url = await (await sharedPostgres()).newDatabase();
  const opened = await openPostgresLedger(url);
  try {
    await use(opened, url);
  } finally {
    await opened.close();
  }
}

/** An exchange that began at this moment, and whose id says so. */
function at(moment: number, more: Partial<NewExchange> = {}): NewExchange {
  const id = `ex_${moment.toString(16).padStart(12, "0")}7${randomBytes(10).toString("hex").slice(1)}`;
  return made({ id, startedAt: moment, receivedAt: moment, ...more });
}

async function all({ ledger }: PostgresLedger, workspace = ours) {
  return (await ledger.find({ workspace, where: {}, limit: 1_000, content: true })).rows;
}

async function blocks({ node }: PostgresLedger): Promise<readonly number[]> {
  const rows = await node.database.query("select exchanges from block order by id");
  return rows.map((row) => numberOf(row, "exchanges"));
}

test("a NUL in a filter matches nothing, least of all the sign that is stored in its stead", () =>
  withLedger(async ({ ledger, commit }) => {
    const row = made({ subject: "ep_\0", path: "/a\0b", kind: "k\0" });
    await commit([row], []);
    const [stored] = (await ledger.find({ workspace: ours, where: {}, limit: 5 })).rows;
    assert.equal(stored?.subject, "ep_\uFFFD");
    for (const where of [{ subjects: ["ep_\0"] }, { subjects: ["ep_\0", "other"] }, { kinds: ["k\0"] }])
      assert.deepEqual((await ledger.find({ workspace: ours, where, limit: 5 })).rows, []);
    assert.deepEqual((await ledger.find({ workspace: `${ours}\0`, where: {}, limit: 5 })).rows, []);
    assert.deepEqual((await ledger.since(ours, 0, { subjects: ["ep_\0"], limit: 5 })).rows, []);
    assert.equal(await ledger.purge(ours, "ep_\0", 5), 0);
    assert.equal(await ledger.get("ws\0", { id: row.id }), undefined);
    const measured = await ledger.measure({ workspace: ours, where: { kinds: ["k\0"] }, bySubject: true });
    assert.deepEqual(measured, []);
  }));

test("a page reaches back over any number of days, newest first, with the endings of all of them", () =>
  withLedger(async ({ ledger, commit }) => {
    const now = wallClock.now();
    const rows = [0, 0.5, 1, 1.01, 3, 8, 40, 400].flatMap((ago) => {
      const event = at(Math.floor(now - ago * dayMs));
      return [
        event,
        at(event.startedAt + 5, { kind: "attempt", parent: event.id, attempt: 1, ending: "failed" }),
      ];
    });
    await commit(rows, []);
    const newestFirst = rows.toSorted((a, b) => b.startedAt - a.startedAt);
    const { rows: found } = await ledger.find({ workspace: ours, where: {}, limit: 100 });
    assert.deepEqual(ids(found), ids(newestFirst));
    assert.deepEqual(new Set(found.map((row) => row.ended)), new Set(["failed"]));
    const where = { subjects: ["ep_a", "ep_b"], kinds: ["event"], endings: ["failed"] as const };
    const { rows: failed } = await ledger.find({ workspace: ours, where, limit: 100 });
    assert.deepEqual(ids(failed), ids(newestFirst.filter((row) => row.kind === "event")));
  }));

test("a day of which nothing is needed any more is dropped whole, others lose their rows", () =>
  withLedger(async (opened) => {
    const { ledger, node, commit } = opened;
    const gone = [at(monday), at(monday + 5)];
    const shared = [at(monday + dayMs), at(monday + dayMs, { workspace: theirs })];
    const working = [at(monday + 2 * dayMs), at(monday + 2 * dayMs + 9)];
    const late = [at(monday + 2 * dayMs + 1, { kind: "attempt", parent: nth(working, 0).id, attempt: 1 })];
    const young = [at(monday + 4 * dayMs)];
    const job = sampleJob({
      exchange: nth(working, 0).id,
      workspace: ours,
      receivedAt: nth(working, 0).receivedAt,
    });
    const attempt = { ...nth(late, 0), receivedAt: job.receivedAt };
    await commit([...gone, ...shared, ...working, attempt, ...young], [job]);
    assert.equal(await ledger.expire([{ workspace: ours, before: monday + 4 * dayMs }], 1_000), 4);
    // The upkeep of whoever writes makes the days of today and tomorrow as well, some time.
    const left = (await partitionDays(node.database)).map((day) => day - monday / dayMs);
    assert.deepEqual(
      left.filter((day) => day < 5),
      [1, 2, 4],
    );
    assert.deepEqual(ids(await all(opened)), ids([nth(young, 0), attempt, nth(working, 0)]));
    assert.deepEqual(ids(await all(opened, theirs)), [nth(shared, 1).id]);
    await node.database.query("delete from job");
    assert.equal(await ledger.expire([{ workspace: ours, before: monday + 4 * dayMs }], 1_000), 2);
    assert.equal(await ledger.expire([{ workspace: theirs, before: monday + 4 * dayMs }], 1_000), 1);
    assert.deepEqual(ids(await all(opened)), [nth(young, 0).id]);
  }));

test("a day that several workspaces share goes when each of them keeps it no longer, whatever their plans are", () =>
  withLedger(async (opened) => {
    const { ledger, node, commit } = opened;
    const shared = [at(monday), at(monday + 1, { workspace: theirs }), at(monday + 2)];
    await commit([...shared, at(monday + dayMs, { workspace: theirs })], []);
    const daysLeft = async (): Promise<readonly number[]> =>
      (await partitionDays(node.database)).map((day) => day - monday / dayMs).filter((day) => day < 2);
    const due = (before: Readonly<Record<string, number>>) =>
      ledger.expire(
        Object.entries(before).map(([workspace, end]) => ({ workspace, before: end })),
        1,
      );
    assert.equal(await due({ [theirs]: monday, [ours]: monday + dayMs }), 1, "theirs keeps its row");
    assert.deepEqual(await daysLeft(), [0, 1]);
    assert.equal(
      await due({ [theirs]: monday + dayMs, [ours]: monday + dayMs }),
      2,
      "the whole day, whatever the limit",
    );
    assert.deepEqual(await daysLeft(), [1]);
    assert.equal(await due({ [ours]: monday + 3 * dayMs }), 0, "of theirs nothing is said to be due");
    assert.deepEqual(await daysLeft(), [1]);
    assert.equal((await all(opened, theirs)).length, 1);
  }));

test("what waits in one workspace holds back no day that this one has nothing in", () =>
  withLedger(async (opened) => {
    const { ledger, node, commit } = opened;
    const held = at(monday, { workspace: theirs });
    const { id: exchange, receivedAt } = held;
    await commit([held, at(monday + dayMs)], [sampleJob({ exchange, workspace: theirs, receivedAt })]);
    const due = [ours, theirs].map((workspace) => ({ workspace, before: monday + 2 * dayMs }));
    assert.equal(await ledger.expire(due, 10), 1);
    const left = (await partitionDays(node.database)).map((day) => day - monday / dayMs);
    assert.deepEqual(
      left.filter((day) => day < 2),
      [0],
    );
  }));

test("an exchange whose id is of a day before it began keeps that day", () =>
  withLedger(async (opened) => {
    const slow = at(monday + dayMs - 1, { startedAt: monday + dayMs + 1 });
    await opened.commit([at(monday), slow], []);
    assert.equal(await opened.ledger.expire([{ workspace: ours, before: monday + dayMs }], 10), 1);
    assert.deepEqual(ids(await all(opened)), [slow.id]);
  }));

test("numbers and positions are not given again when the days they were given in are dropped", () =>
  withLedger(async (opened) => {
    const { ledger, commit } = opened;
    await commit([at(monday), at(monday)], []);
    const position = await ledger.position();
    assert.equal(await ledger.expire([{ workspace: ours, before: monday + 2 * dayMs }], 10), 2);
    const next = at(monday + 3 * dayMs);
    await commit([next], []);
    const { rows } = await ledger.since(ours, position, { limit: 10 });
    assert.deepEqual(
      rows.map(({ id, number }) => [id, number]),
      [[next.id, 3]],
    );
  }));

test("while a long question is under way a day stays, and commits go on", () =>
  withLedger(async (opened, url) => {
    const { ledger, node, commit } = opened;
    await commit([at(monday)], []);
    // A connection of its own, which may be idle in its transaction for as long as this takes.
    const asking = new pg.Client({ connectionString: url });
    await asking.connect();
    try {
      await asking.query("begin");
      await asking.query("select count(*) from exchange");
      const expiring = ledger.expire([{ workspace: ours, before: monday + dayMs }], 10);
      const later = Array.from({ length: 20 }, (_, n) => at(monday + 2 * dayMs + n));
      for (const row of later) await commit([row], []);
      await expiring;
      assert.deepEqual((await partitionDays(node.database)).includes(monday / dayMs), true);
    } finally {
      await asking.end();
    }
    await ledger.expire([{ workspace: ours, before: monday + dayMs }], 10);
    assert.equal((await partitionDays(node.database)).includes(monday / dayMs), false);
    assert.equal((await all(opened)).length, 20);
  }));

test("nodes that seal at once pack each exchange once", () =>
  withLedger(async (opened, url) => {
    const other = await openPostgresLedger(url);
    for (let n = 0; n < 200; n++)
      await opened.commit([{ ...withContent(`row ${n}`), ...only(at(monday + n)) }], []);
    const before = (await all(opened)).map(plain);
    const sealed = [0, 0];
    for (let round = 0; round < 10; round++)
      for (const [n, some] of (await Promise.all([opened.ledger.seal(50), other.ledger.seal(50)])).entries())
        sealed[n] = (sealed[n] ?? 0) + some;
    await other.close();
    const packed = (await blocks(opened)).reduce((sum, exchanges) => sum + exchanges, 0);
    assert.ok(packed >= 169 && packed === nth(sealed, 0) + nth(sealed, 1));
    assert.deepEqual((await all(opened)).map(plain), before);
  }));

test("a row that someone is changing while its neighbours are packed stays raw", () =>
  withLedger(async (opened) => {
    const rows = Array.from({ length: 64 }, (_, n) => ({
      ...withContent(`secret ${n}`),
      ...only(at(monday + n)),
    }));
    for (const row of rows) await opened.commit([row], []);
    const id = nth(rows, 7).id.slice(3);
    await opened.node.database.transaction(async (within) => {
      await within.query("update exchange set content = null where id = $1", [id]);
      assert.equal(await opened.ledger.seal(64), 63);
    });
    assert.deepEqual(await blocks(opened), [63]);
    assert.equal((await opened.ledger.get(ours, { id: nth(rows, 7).id }))?.request.body, null);
    assert.deepEqual(
      plain(await opened.ledger.get(ours, { id: nth(rows, 8).id })),
      plain(listed(nth(rows, 8))),
    );
  }));

/** What `at` decides. */
function only({ id, startedAt, receivedAt }: NewExchange) {
  return { id, startedAt, receivedAt };
}

test("a block goes with the last exchange in it", () =>
  withLedger(async (opened) => {
    const { ledger, commit } = opened;
    const rows = Array.from({ length: 40 }, (_, n) => ({ ...withContent("old"), ...only(at(monday + n)) }));
    await commit(rows, []);
    assert.deepEqual(await blocks(opened), [40]);
    assert.equal(await ledger.expire([{ workspace: ours, before: monday + 38 }], 100), 38);
    assert.equal(await ledger.redact(ours, nth(rows, 38).id, bare), true);
    assert.deepEqual(await blocks(opened), [1]);
    assert.equal(await ledger.purge(ours, "ep_a", 100), 2);
    assert.deepEqual(await blocks(opened), []);
  }));

test("a page of too much content is refused with what to do, before any of it is read", () =>
  withLedger(async ({ ledger, commit }) => {
    const body = { bytes: Buffer.alloc(4 * 1024 * 1024), size: 0, sha256: "", truncated: true };
    for (let n = 0; n < 17; n++) await commit([made({ request: { headers: [], body } })], []);
    const page = (limit: number) => ledger.find({ workspace: ours, where: {}, limit, content: true });
    await assert.rejects(page(17), { kind: "too_large", message: /^These 17 exchanges hold \d+ bytes/ });
    assert.equal((await ledger.find({ workspace: ours, where: {}, limit: 17 })).rows.length, 17);
  }));

test("partitions have room for rows that are sealed, and are vacuumed early", () =>
  withLedger(async ({ node, commit }) => {
    await commit([at(monday)], []);
    const [row] = await node.database.query(
      "select reloptions::text as options from pg_class where relname = $1",
      [partitionName("exchange", monday / dayMs)],
    );
    const options = textOf(row ?? {}, "options");
    for (const wanted of ["fillfactor=85", "autovacuum_vacuum_scale_factor=0.05"])
      assert.match(options, RegExp(wanted));
  }));

test("other nodes hear of what was redacted and removed", () =>
  withLedger(async (opened, url) => {
    const other = await openPostgresLedger(url);
    const heard = new Set<string | undefined>();
    const both = Promise.withResolvers<void>();
    const rows = [at(monday), at(monday, { subject: "ep_b" })];
    await opened.commit(rows, []);
    other.node.listener.on("sluice_content", (id) => {
      heard.add(id);
      if (ids(rows).every((known) => heard.has(known))) both.resolve();
    });
    while (other.node.listener.heardAt() === -Infinity) await sleep(10);
    await opened.ledger.redact(ours, nth(rows, 0).id, bare);
    await opened.ledger.purge(ours, "ep_b", 10);
    await both.promise;
    await other.close();
  }));

test("what was redacted is in no file of the tables any more", async () => {
  const server = await startPostgres({ durable: false });
  const opened = await openPostgresLedger(await server.newDatabase());
  try {
    const { ledger, node, commit } = opened;
    const canaries = [randomBytes(24), randomBytes(24), randomBytes(24)];
    const [small, large, packed] = canaries.map((canary) =>
      carrying(Buffer.concat([canary, randomBytes(600)])),
    );
    assert.ok(small && large && packed);
    const huge = carrying(Buffer.concat([nth(canaries, 1), randomBytes(50_000)]));
    const neighbours = Array.from({ length: 30 }, () => carrying(randomBytes(600)));
    for (const one of [small, huge, ...neighbours]) await commit([one], []);
    await ledger.seal(1_000);
    await commit([packed, ...neighbours.map(() => carrying(randomBytes(600)))], []);
    const late = carrying(Buffer.concat([nth(canaries, 0), randomBytes(600)]));
    await commit([late], []);
    const before = (await all(opened)).length;
    await node.database.query("checkpoint");
    assert.ok(
      canaries.every((canary) => inFiles(server, canary)),
      "all are found, raw and packed",
    );
    for (const { id } of [small, huge, packed, late]) await ledger.redact(ours, id, bare);
    await node.database.query("checkpoint");
    assert.ok(
      canaries.some((canary) => inFiles(server, canary)),
      "an update overwrites nothing",
    );
    await ledger.seal(1_000);
    await node.database.query("checkpoint");
    for (const canary of canaries) assert.equal(inFiles(server, canary), false);
    assert.equal((await all(opened)).length, before);
    assert.deepEqual(
      plain(await ledger.get(ours, { id: nth(neighbours, 3).id })),
      plain(listed(nth(neighbours, 3))),
    );
    assert.deepEqual(await node.database.query("select day from remnant"), []);
  } finally {
    await opened.close();
    await server.dispose();
  }
});

/** Random bytes, which compression leaves as they are. */
function carrying(bytes: Buffer): NewExchange {
  const body = { bytes, size: bytes.length, sha256: "", truncated: true };
  return at(monday, { request: { headers: [], body } });
}

/** Of tables and their indexes; the log of changes is elsewhere. */
function inFiles({ folder }: PostgresServer, canary: Buffer): boolean {
  const base = join(folder, "data", "base");
  const files = readdirSync(base, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(canary));
}
