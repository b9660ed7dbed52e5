import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { sqliteLedger } from "../src/engines/ledger/sqlite.ts";
import { contentBytes } from "../src/engines/stored/content.ts";
import { openTrafficFile } from "../src/engines/sqlite/traffic-file.ts";
import { wallClock } from "../src/kernel/clock.ts";
import type { NewExchange } from "../src/kernel/exchange.ts";
import { newExchangeId } from "../src/kernel/id.ts";
import { webhookContent } from "./webhook-content.ts";

/*
 * What one stored exchange takes on disk, everything included: row, indexes, content. Every exchange is committed on
 * its own, so that all contents are raw at first and sealing does all the work. No two bodies are alike: ids,
 * tokens, signatures, amounts, times and names are random, which is what a block cannot compress.
 *
 *   node bench/stored-bytes.ts [exchanges, default 20000]
 */
const exchanges = Number(process.argv[2] ?? 20_000);
function exchangeOf(n: number): NewExchange {
  const at = wallClock.now();
  return {
    id: newExchangeId(at),
    workspace: "ws_bench",
    environment: "production",
    bucket: "default",
    plane: "webhooks",
    kind: "event",
    subject: `ep_${String(n % 20).padStart(22, "0")}`,
    parent: null,
    trace: randomBytes(16).toString("hex"),
    startedAt: at,
    durationMs: randomInt(5_000) / 10,
    method: "POST",
    host: "hooks.example.com",
    path: "/in/payments-0123456789abcdefABCDEF",
    route: "/in/:slug",
    status: 200,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: "delivered",
    receivedAt: at,
    facts: { provider: "payments", verified: true },
    ...webhookContent(at),
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const folder = await mkdtemp(join(tmpdir(), "sluice-stored-bytes-"));
try {
  const path = join(folder, "traffic.db");
  const [raw, alone] = await committed(path);
  const before = (await stat(path)).size / exchanges;
  const file = await openTrafficFile(path, wallClock);
  const ledger = sqliteLedger(file, wallClock);
  const started = performance.now();
  const cpu = process.cpuUsage();
  const sealed = await ledger.seal(exchanges);
  const { user, system } = process.cpuUsage(cpu);
  const tookMs = performance.now() - started;
  const [pages] = await file.read(
    `select page_count - freelist_count as used, page_count as all_pages, page_size as size
    from pragma_page_count, pragma_freelist_count, pragma_page_size`,
    [],
  );
  const parts = await file.read(
    "select name, sum(pgsize) as bytes, sum(payload) as payload from dbstat group by name order by bytes desc limit 9",
    [],
  );
  await ledger.close();
  await file.close();
  const size = Number(pages?.["size"]);
  const stored = (Number(pages?.["used"]) * size) / exchanges;
  say(`exchanges        ${exchanges}, of which sealed ${sealed}`);
  say(`raw content      ${raw.toFixed(0)} bytes each; compressed one by one ${alone.toFixed(0)}`);
  say(`before sealing   ${before.toFixed(0)} bytes each in the file`);
  say(`stored           ${stored.toFixed(0)} bytes each in pages in use: row, indexes and content`);
  for (const { name, bytes, payload } of parts)
    say(
      `  ${String(name).padEnd(20)} ${(Number(bytes) / exchanges).toFixed(0).padStart(5)}, filled with ${(Number(payload) / exchanges).toFixed(0)}`,
    );
  say(`ratio            ${(raw / stored).toFixed(2)} of raw content to everything stored`);
  say(
    `sealing          ${((user + system) / sealed).toFixed(0)} us of CPU each, ${((sealed / tookMs) * 1e3).toFixed(0)}/s`,
  );
} finally {
  await rm(folder, { recursive: true });
}

/** The mean bytes of contents, raw and compressed each by itself. */
async function committed(path: string): Promise<readonly [number, number]> {
  const file = await openTrafficFile(path, wallClock);
  let [raw, alone] = [0, 0];
  for (let n = 0; n < exchanges; n++) {
    const exchange = exchangeOf(n);
    const bytes = contentBytes(exchange) ?? Buffer.alloc(0);
    raw += bytes.length;
    alone += zstdCompressSync(bytes).length;
    await file.commit({ exchanges: [exchange], jobs: [] });
  }
  await file.close();
  return [raw / exchanges, alone / exchanges];
}
