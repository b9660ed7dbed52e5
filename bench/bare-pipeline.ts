// The least a pipeline with the same promises can do, in one file: verify, deduplicate, commit event and job with an fsync, answer
// 200, deliver signed, commit the attempt and the job's end. No guard, no retries, no logs to search, nobody to ask who may.
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Pool } from "undici";
import { z } from "zod";
import { beMeasured } from "./measured-child.ts";

const target = new URL(process.argv[2] ?? "");
const secret = createSecretKey(Buffer.from("whsec_benchmark_secret_that_is_not_real"));
const pool = new Pool(target.origin, { connections: 64 });
const folder = mkdtempSync(join(tmpdir(), "sluice-bare-"));
const database = new DatabaseSync(join(folder, "bare.db"));
database.exec(`
pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -65536;
create table exchange (seq integer primary key, id blob not null, parent blob, subject text not null, at integer not null,
  status integer, outcome text not null, headers text, body blob) strict;
create unique index exchange_id on exchange (id);
create index exchange_list on exchange (subject, at, status, outcome);
create table job (id blob primary key, subject text not null, due_at integer not null) strict, without rowid;
create table used (key text primary key, expires_at integer not null) strict, without rowid;
`);
const statements = {
  begin: database.prepare("begin immediate"),
  commit: database.prepare("commit"),
  event: database.prepare(
    "insert into exchange (id, subject, at, status, outcome, headers, body) values (?, ?, ?, 200, 'accepted', ?, ?)",
  ),
  attempt: database.prepare(
    "insert into exchange (id, parent, subject, at, status, outcome, headers) values (?, ?, ?, ?, ?, 'delivered', ?)",
  ),
  job: database.prepare("insert into job (id, subject, due_at) values (?, ?, ?)"),
  done: database.prepare("delete from job where id = ?"),
  key: database.prepare("insert into used (key, expires_at) values (?, ?) on conflict do nothing"),
  checkpoint: database.prepare("pragma wal_checkpoint(passive)"),
};

type Work = { readonly write: () => boolean; readonly settle: (written: boolean) => void };
let waiting: Work[] = [];
let commits = 0;

/** Group commit: all that came in one turn of the event loop. */
function commit(write: Work["write"]): Promise<boolean> {
  return new Promise((settle) => {
    if (waiting.push({ write, settle }) === 1) setImmediate(flush);
  });
}

function flush(): void {
  const group = waiting;
  waiting = [];
  statements.begin.run();
  const written = group.map(({ write }) => write());
  statements.commit.run();
  if (++commits % 50 === 0) statements.checkpoint.get();
  for (const [n, { settle }] of group.entries()) settle(written[n] ?? false);
}

const Event = z.object({ id: z.string() });

function verified(signature: string, body: Buffer): boolean {
  const [, t = "", v1 = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  const expected = createHmac("sha256", secret).update(`${t}.`).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(v1.padEnd(64, "0"), "hex"));
}

async function deliver(id: Buffer, subject: string, body: Buffer): Promise<void> {
  const t = Math.floor(Date.now() / 1_000);
  const signature = createHmac("sha256", secret).update(`${t}.`).update(body).digest("hex");
  const headers = { "content-type": "application/json", "webhook-signature": `t=${t},v1=${signature}` };
  const answer = await pool.request({ path: target.pathname, method: "POST", headers, body });
  await answer.body.dump();
  await commit(() => {
    const { changes } = statements.attempt.run(
      randomBytes(16),
      id,
      subject,
      Date.now(),
      answer.statusCode,
      JSON.stringify(headers),
    );
    statements.done.run(id);
    return changes === 1;
  });
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
    const subject = request.url ?? "";
    if (!verified(String(request.headers["stripe-signature"]), body)) {
      response.writeHead(401).end();
      return;
    }
    const event = Event.parse(JSON.parse(body.toString()));
    const id = randomBytes(16);
    const now = Date.now();
    id.writeUIntBE(now, 0, 6);
    void commit(() => {
      if (statements.key.run(`${subject}/${event.id}`, now + 86_400_000).changes === 0) return false;
      statements.event.run(id, subject, now, JSON.stringify(request.rawHeaders), body);
      statements.job.run(id, subject, now);
      return true;
    }).then((fresh) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 11 });
      response.end('{"ok":true}');
      if (!fresh) return;

      void deliver(id, subject, body);
    });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object")
    beMeasured({ url: `http://127.0.0.1:${address.port}` }, () => {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    });
});
