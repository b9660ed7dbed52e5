import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { sqliteLedger } from "../src/engines/ledger/sqlite.ts";
import { contentBytes } from "../src/engines/sqlite/exchange-row.ts";
import { openTrafficFile } from "../src/engines/sqlite/traffic-file.ts";
import { wallClock } from "../src/kernel/clock.ts";
import type { Body, NewExchange } from "../src/kernel/exchange.ts";
import { newExchangeId } from "../src/kernel/id.ts";

/*
 * What one stored exchange takes on disk, everything included: row, indexes, content. Every exchange is committed on
 * its own, so that all contents are raw at first and sealing does all the work. No two bodies are alike: ids,
 * tokens, signatures, amounts, times and names are random, which is what a block cannot compress.
 *
 *   node bench/stored-bytes.ts [exchanges, default 20000]
 */
const exchanges = Number(process.argv[2] ?? 20_000);
const names = "ada grace alan edsger barbara donald tony leslie frances niklaus".split(" ");
const any = <T>(values: readonly T[]): T | undefined => values[randomInt(values.length)];
const token = (bytes: number) => randomBytes(bytes).toString("base64url");

/** About 2.3 KB of headers and bodies in the manner of a payment provider's webhook. */
function contentOf(at: number): Pick<NewExchange, "request" | "response"> {
  const amount = randomInt(100, 1_000_000);
  const person = `${any(names)}.${any(names)}${randomInt(9_999)}`;
  const charge = {
    id: `ch_${token(18)}`,
    object: "charge",
    amount,
    amount_captured: amount,
    balance_transaction: `txn_${token(18)}`,
    billing_details: {
      address: {
        city: any(["Lisbon", "Oslo", "Turin", "Ghent"]),
        line1: `${randomInt(400)} ${any(names)} street`,
      },
      email: `${person}@example.com`,
      name: person,
      phone: `+1555${randomInt(1_000_000, 9_999_999)}`,
    },
    captured: true,
    created: Math.floor(at / 1_000),
    currency: any(["eur", "usd", "gbp"]),
    customer: `cus_${token(10)}`,
    metadata: { order: String(randomInt(1e9)), campaign: any(names) },
    outcome: { network_status: "approved_by_network", risk_score: randomInt(100), type: "authorized" },
    payment_intent: `pi_${token(18)}`,
    payment_method_details: {
      card: {
        brand: any(["visa", "amex"]),
        exp_month: randomInt(1, 13),
        fingerprint: token(12),
        last4: randomInt(9_999),
      },
      type: "card",
    },
    receipt_url: `https://pay.example/receipts/${token(45)}`,
    status: "succeeded",
  };
  const request = JSON.stringify({
    id: `evt_${token(18)}`,
    object: "event",
    api_version: "2024-06-20",
    created: charge.created,
    data: { object: charge },
    type: any(["charge.succeeded", "charge.updated", "charge.captured"]),
    request: { id: `req_${token(10)}`, idempotency_key: randomUUID() },
  });
  const response = JSON.stringify({
    received: true,
    order: {
      id: randomUUID(),
      number: randomInt(1e9),
      state: any(["paid", "pending", "review"]),
      lines: randomInt(9),
    },
    customer: { name: person, returning: true, since: new Date(at - randomInt(1e9)).toISOString() },
    handled_by: `worker-${randomInt(40)}`,
    timings: { parse_ms: randomInt(90) / 10, lookup_ms: randomInt(900) / 10, write_ms: randomInt(900) / 10 },
    next: {
      step: "fulfilment",
      at: new Date(at + randomInt(1e8)).toISOString(),
      queue: "orders-high-priority",
    },
  });
  return {
    request: { headers: requestHeaders(request, at), body: bodyOf(request) },
    response: { headers: responseHeaders(response, at), body: bodyOf(response) },
  };
}

function requestHeaders(body: string, at: number): readonly (readonly [string, string])[] {
  return [
    ["Host", "hooks.example.com"],
    ["User-Agent", "Payments/1.0 (+https://pay.example/docs/webhooks)"],
    ["Content-Length", String(body.length)],
    ["Accept", "*/*; q=0.5, application/xml"],
    ["Cache-Control", "no-cache"],
    ["Content-Type", "application/json; charset=utf-8"],
    ["Payments-Signature", `t=${Math.floor(at / 1_000)},v1=${randomBytes(32).toString("hex")}`],
    ["X-Forwarded-For", `${randomInt(256)}.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`],
    ["X-Forwarded-Proto", "https"],
    ["X-Request-Id", randomUUID()],
    ["Accept-Encoding", "gzip"],
  ];
}

function responseHeaders(body: string, at: number): readonly (readonly [string, string])[] {
  return [
    ["Date", new Date(at).toUTCString()],
    ["Content-Type", "application/json"],
    ["Content-Length", String(body.length)],
    ["Server", "target"],
    ["X-Request-Id", randomUUID()],
    ["ETag", `W/"${token(8)}"`],
  ];
}

function bodyOf(text: string): Body {
  const bytes = Buffer.from(text);
  return { bytes, size: bytes.length, sha256: "", truncated: false };
}

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
    ...contentOf(at),
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
