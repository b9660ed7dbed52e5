import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { wallClock } from "../../kernel/clock.ts";
import type { NewExchange } from "../../kernel/exchange.ts";
import { randomText } from "../../kernel/id.ts";
import { bytesOf, textOf, type SqlValue } from "../stored/row.ts";
import { openTrafficFile, type TrafficFile } from "../sqlite/traffic-file.ts";
import { sampleJob } from "../traffic/samples.ts";
import { sqliteTraffic } from "../traffic/sqlite.ts";
import type { Condition, Ledger } from "./ledger.ts";
import { bare, bodyOf, day, listed, made, nth, ours, plain, withContent } from "./samples.ts";
import { sqliteLedger } from "./sqlite.ts";

type Asked = { readonly sql: string; readonly params: readonly SqlValue[] };

/** A ledger on a file of its own; `asked` collects its queries, `meanwhile` runs before its next write. */
type Opened = {
  readonly folder: string;
  readonly file: TrafficFile;
  readonly ledger: Ledger;
  readonly asked: Asked[];
  meanwhile: (() => Promise<unknown>) | undefined;
};

async function withLedger(use: (opened: Opened) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-sqlite-ledger-"));
  const file = await openTrafficFile(join(folder, "traffic.db"), wallClock);
  const watched: TrafficFile = {
    ...file,
    read(sql, params) {
      opened.asked.push({ sql, params });
      return file.read(sql, params);
    },
    async write(statements) {
      const { meanwhile } = opened;
      opened.meanwhile = undefined;
      await meanwhile?.();
      return file.write(statements);
    },
  };
  const ledger = sqliteLedger(watched, wallClock);
  const opened: Opened = { folder, file, ledger, asked: [], meanwhile: undefined };
  try {
    await use(opened);
  } finally {
    await opened.ledger.close();
    await file.close();
    await rm(folder, { recursive: true });
  }
}

/** How SQLite goes about the queries asked since the last call. */
async function plansOf({ file, asked }: Opened): Promise<readonly string[]> {
  const queries = asked.splice(0);
  const plans = await Promise.all(
    queries.map(({ sql, params }) => file.read(`explain query plan ${sql}`, params)),
  );
  return plans.flat().map((row) => textOf(row, "detail"));
}

async function commitEach(file: TrafficFile, rows: readonly NewExchange[]): Promise<void> {
  for (const row of rows) await file.commit({ exchanges: [row], jobs: [] });
}

async function blocks(file: TrafficFile): Promise<readonly string[]> {
  const rows = await file.read("select data from block order by id", []);
  return rows.map((row) => zstdDecompressSync(bytesOf(row, "data")).toString("latin1"));
}

async function pagesInUse(file: TrafficFile): Promise<number> {
  const [row] = await file.read(
    "select page_count - freelist_count as used from pragma_page_count, pragma_freelist_count",
    [],
  );
  return Number(row?.["used"]);
}

const where = { subjects: ["ep_a"], kinds: ["event"], outcomes: ["accepted"], statuses: [200], from: day };

test("measuring reads the covering index and never the exchanges themselves", () =>
  withLedger(async (opened) => {
    await commitEach(opened.file, [made(), made({ subject: "ep_b" })]);
    for (const subjects of [where.subjects, undefined]) {
      const { subjects: _, ...rest } = where;
      const query = { workspace: ours, where: { ...rest, ...(subjects && { subjects }) }, stepMs: 1_000 };
      opened.asked.length = 0;
      const measured = await opened.ledger.measure({ ...query, bySubject: true });
      assert.equal(measured.length, subjects === undefined ? 2 : 1);
      const plans = await plansOf(opened);
      const reached = plans.filter((detail) => detail.includes("candidate"));
      assert.equal(reached.length, 2, "the two passes");
      for (const detail of reached)
        assert.match(
          detail,
          /^SEARCH candidate USING COVERING INDEX exchange_list \(workspace=\? AND subject=\? AND started_at>/,
        );
      assert.deepEqual(
        plans.filter((detail) => /SCAN (exchange|candidate)\b/.test(detail)),
        [],
      );
    }
  }));

test("a condition about what the index holds is judged there, newest first, and rows are sought for those of the page", () =>
  withLedger(async (opened) => {
    await commitEach(opened.file, [made({ status: 503 }), made()]);
    const condition: Condition = {
      all: [
        { field: "status", atLeast: 500 },
        { field: "durationMs", atMost: 9 },
      ],
    };
    const query = { workspace: ours, where: { subjects: ["ep_a"], condition }, limit: 50 };
    assert.equal((await opened.ledger.find(query)).rows.length, 1);
    const plans = await plansOf(opened);
    assert.ok(
      plans.includes("SEARCH candidate USING COVERING INDEX exchange_list (workspace=? AND subject=?)"),
      plans.join("\n"),
    );
    assert.ok(plans.every((detail) => !/SCAN (exchange|candidate)\b/.test(detail)));
  }));

test("a page of a subject is read from the index in its order, from the cursor on", () =>
  withLedger(async (opened) => {
    const rows = [made(), made(), made()];
    await commitEach(opened.file, rows);
    const after = { startedAt: day, id: nth(rows, 2).id };
    const query = { workspace: ours, where: { subjects: ["ep_a"] }, limit: 50, after };
    const found = await opened.ledger.find(query);
    assert.equal(found.rows.length, 2);
    const plans = await plansOf(opened);
    assert.ok(
      plans.includes(
        "SEARCH candidate USING COVERING INDEX exchange_list (workspace=? AND subject=? AND (started_at,id)<(?,?))",
      ),
      plans.join("\n"),
    );
    assert.deepEqual(
      plans.filter((detail) => detail.startsWith("SCAN exchange")),
      [],
    );
  }));

test("an ending that few events have is looked up where endings are recorded", () =>
  withLedger(async (opened) => {
    await commitEach(opened.file, [made({ ending: "failed" }), made()]);
    const found = await opened.ledger.find({ workspace: ours, where: { endings: ["failed"] }, limit: 50 });
    assert.equal(found.rows.length, 1);
    const plans = await plansOf(opened);
    assert.ok(plans.includes("SEARCH candidate USING INDEX exchange_id (id=?)"), plans.join("\n"));
  }));

test("sealing gives back the pages that raw content took", () =>
  withLedger(async ({ file, ledger }) => {
    const empty = await pagesInUse(file);
    const rows = Array.from({ length: 320 }, (_, i) => withContent(`${i} `.repeat(200)));
    await commitEach(file, rows);
    const before = (await pagesInUse(file)) - empty;
    assert.equal(await ledger.seal(1_000), 320);
    const after = (await pagesInUse(file)) - empty;
    assert.ok(after * 3 < before, `${before} pages became ${after}`);
    assert.equal((await blocks(file)).length, 5);
  }));

test("a row that is redacted or removed while its block is packed is not sealed with its old content", () =>
  withLedger(async (opened) => {
    const { file, ledger } = opened;
    const rows = Array.from({ length: 64 }, (_, i) => withContent(`secret ${i}`));
    await commitEach(file, rows);
    const ids = rows.map((row) => Buffer.from(row.id.slice(3), "hex"));
    opened.meanwhile = () =>
      file.write([
        { sql: "update exchange set content = null where id = ?", params: [nth(ids, 0)] },
        { sql: "delete from exchange where id = ?", params: [nth(ids, 1)] },
      ]);
    assert.equal(await ledger.seal(64), 62);
    assert.equal((await ledger.get(ours, { id: nth(rows, 0).id }))?.request.body, null);
    assert.equal(await ledger.get(ours, { id: nth(rows, 1).id }), undefined);
    assert.equal((await ledger.get(ours, { id: nth(rows, 2).id }))?.request.body?.size, 22);
    const [counted] = await file.read("select exchanges from block", []);
    assert.equal(counted?.["exchanges"], 62);
  }));

test("redacting leaves no copy of the content in its block", () =>
  withLedger(async ({ file, ledger }) => {
    const rows = Array.from({ length: 40 }, (_, i) => withContent(`secret-${i}-`));
    await commitEach(file, rows);
    await ledger.seal(64);
    assert.match(nth(await blocks(file), 0), /secret-7-/);
    assert.equal(await ledger.redact(ours, nth(rows, 7).id, bare), true);
    const [block] = await blocks(file);
    assert.doesNotMatch(block ?? "", /secret-7-/);
    assert.match(block ?? "", /secret-8-/);
  }));

for (const sealed of [false, true])
  test(`what was redacted ${sealed ? "after" : "before"} it was sealed is in none of the files, and neither is what was purged`, () =>
    withLedger(async ({ folder, file, ledger }) => {
      const secret = randomText(40);
      // Within a page and of several, and such that compression leaves it as it is.
      const bodies = Array.from({ length: 64 }, (_, i) => randomBytes(i % 4 < 2 ? 500 : 20_000));
      const rows = bodies.map((bytes, i) =>
        made({
          subject: i % 2 === 0 ? "ep_a" : "ep_b",
          path: `/${secret}/${i}`,
          request: { headers: [], body: bodyOf(bytes) },
        }),
      );
      const isInFiles = (): boolean => {
        const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
        return [Buffer.from(secret), ...bodies.map((bytes) => bytes.subarray(100, 132))].some((text) =>
          files.some((bytes) => bytes.includes(text)),
        );
      };
      await commitEach(file, rows);
      if (sealed) assert.equal(await ledger.seal(64), 64);
      assert.ok(isInFiles());
      for (const { id } of rows.filter(({ subject }) => subject === "ep_a"))
        await ledger.redact(ours, id, (row) => ({ ...bare(row), path: "/" }));
      assert.equal(await ledger.purge(ours, "ep_b", 100), 32);
      await ledger.seal(64);
      assert.ok(!isInFiles());
    }));

test("what is redacted or removed is gone from the memory of fresh exchanges too", () =>
  withLedger(async ({ file, ledger, asked }) => {
    const { journal, recent } = await sqliteTraffic(file, wallClock);
    const [hidden, gone, kept] = ["ep_a", "ep_b", "ep_c"].map((subject) =>
      withContent("secret", { subject }),
    );
    assert.ok(hidden && gone && kept);
    const exchanges = [hidden, gone, kept];
    await journal.commit({ exchanges, jobs: exchanges.map(({ id }) => sampleJob({ exchange: id })) });
    asked.length = 0;
    for (const { id } of exchanges) assert.ok((await recent.get(ours, id))?.response);
    assert.deepEqual(asked, [], "they are in memory");
    await ledger.redact(ours, hidden.id, bare);
    await ledger.purge(ours, "ep_b", 10);
    assert.equal((await recent.get(ours, hidden.id))?.request.body?.bytes.length, 0);
    assert.equal(await recent.get(ours, gone.id), undefined);
    assert.deepEqual(plain(await recent.get(ours, kept.id)), plain(kept));
  }));

test("seqs and numbers of removed exchanges are not given again, also after a restart", () =>
  withLedger(async ({ file, ledger }) => {
    const rows = [made({ subject: "ep_b" }), made(), made()];
    await commitEach(file, rows);
    const position = await ledger.position();
    assert.equal(await ledger.purge(ours, "ep_a", 10), 2);
    const [database] = await file.read("select file from pragma_database_list", []);
    const again = await openTrafficFile(textOf(database ?? {}, "file"), wallClock);
    const late = made();
    await commitEach(again, [late]);
    await again.close();
    const next = await ledger.since(ours, position, { limit: 10 });
    assert.deepEqual(
      next.rows.map(({ id, number }) => [id, number]),
      [[late.id, 4]],
    );
    assert.equal(await ledger.purge(ours, "ep_b", 10), 1);
    assert.equal(await ledger.purge(ours, "ep_a", 10), 1, "with everything gone as well");
    assert.equal(await ledger.purge(ours, "ep_a", 10), 0);
  }));

test("what was redacted is sealed again", () =>
  withLedger(async ({ file, ledger }) => {
    const rows = Array.from({ length: 64 }, (_, i) => withContent(`secret ${i}`));
    await commitEach(file, rows);
    assert.equal(await ledger.seal(64), 64);
    const [hidden, kept] = [rows.slice(0, 32), rows.slice(32)];
    for (const { id } of hidden)
      await ledger.redact(ours, id, ({ request }) => ({ request, response: null }));
    assert.equal(await ledger.seal(64), 32);
    assert.equal((await blocks(file)).length, 2);
    assert.deepEqual(plain(await ledger.get(ours, { id: nth(kept, 0).id })), plain(listed(nth(kept, 0))));
  }));

test("a block goes with the last exchange in it", () =>
  withLedger(async ({ file, ledger }) => {
    const rows = Array.from({ length: 40 }, (_, i) => withContent("old", { startedAt: day + i }));
    await commitEach(file, rows);
    await ledger.seal(64);
    assert.equal(await ledger.expire([{ workspace: ours, before: day + 38 }], 100), 38);
    assert.equal((await blocks(file)).length, 1);
    assert.equal(await ledger.redact(ours, nth(rows, 38).id, bare), true);
    assert.equal((await blocks(file)).length, 1);
    assert.equal(await ledger.purge(ours, "ep_a", 100), 2);
    assert.deepEqual(await blocks(file), []);
  }));

test("a page of too much content is refused with what to do", () =>
  withLedger(async ({ file, ledger }) => {
    const body = { bytes: Buffer.alloc(23 * 1024 * 1024), size: 0, sha256: "", truncated: true };
    const rows = Array.from({ length: 3 }, () => made({ request: { headers: [], body } }));
    await commitEach(file, rows);
    const page = (limit: number) => ledger.find({ workspace: ours, where: {}, limit, content: true });
    await assert.rejects(page(3), { kind: "too_large", message: /^These 3 exchanges hold \d+ bytes/ });
    assert.equal((await page(2)).rows.length, 2);
    assert.equal((await ledger.find({ workspace: ours, where: {}, limit: 3 })).rows.length, 3);
  }));
