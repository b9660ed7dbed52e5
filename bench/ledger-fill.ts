import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { TrafficFile } from "../src/engines/sqlite/traffic-file.ts";
import { Names } from "../src/engines/sqlite/names.ts";
import { contentBytes } from "../src/engines/stored/content.ts";
import { wallClock } from "../src/kernel/clock.ts";
import type { NewExchange } from "../src/kernel/exchange.ts";
import { newExchangeId } from "../src/kernel/id.ts";
import { webhookContent } from "./webhook-content.ts";

export const workspace = "ws_bench";
export const subjects = 20;
export const dayMs = 24 * 3_600_000;

const columns = [
  "id",
  "number",
  "workspace",
  "environment",
  "bucket",
  "plane",
  "kind",
  "subject",
  "parent",
  "started_at",
  "duration_ms",
  "method",
  "host",
  "path",
  "route",
  "status",
  "outcome",
  "attempt",
  "ending",
  "received_at",
  "content",
];

export type Fill = {
  readonly exchanges: number;
  /** When the first event came, and when the last: evenly in between. */
  readonly from: number;
  readonly to: number;
};

/** Half events, half attempts that end them, with narrow contents. Answers the ids of the events. */
export function fill(path: string, { exchanges, from, to }: Fill): readonly string[] {
  const database = new DatabaseSync(path);
  database.exec("pragma synchronous = off; begin");
  const values = columns.map(() => "?");
  const { codeOf } = new Names(database);
  const insert = database.prepare(`insert into exchange (${columns.join()}) values (${values.join()})`);
  const ids: string[] = [];
  for (let i = 0; i < exchanges / 2; i++) {
    const at = from + Math.floor((i * (to - from) * 2) / exchanges);
    const id = idOf(at);
    const failed = Math.random() < 0.05;
    const common = { at, subject: subjectOf(Math.floor(Math.random() * subjects)) };
    insert.run(...rowOf(codeOf, { ...common, id, number: i + 1 }));
    insert.run(...rowOf(codeOf, { ...common, id: idOf(at + 5), parent: id, failed }));
    ids.push(`ex_${id.toString("hex")}`);
  }
  database.exec("commit; pragma wal_checkpoint(truncate)");
  database.close();
  return ids;
}

export function subjectOf(n: number): string {
  return `ep_${String(n).padStart(22, "0")}`;
}

const body = { bytes: randomBytes(20), size: 20, sha256: "", truncated: false };
const content = contentBytes({ request: { headers: [["x", "y"]], body }, response: null });

type Row = { id: Buffer; at: number; subject: string; number?: number; parent?: Buffer; failed?: boolean };

/** The values of `columns`; texts are stored as the ids of names. */
function rowOf(code: (text: string) => number, { id, at, subject, number, parent, failed }: Row) {
  const owner = [code(workspace), code("production"), code("default"), code("webhooks")];
  const request = [duration(), code("POST"), "hooks.example", "/in/stripe", code("/in/:slug")];
  const of = (kind: string) => [id, number ?? null, ...owner, code(kind), code(subject), parent ?? null];
  if (parent === undefined)
    return [...of("event"), at, ...request, 200, code("accepted"), null, null, at, content];
  const [status, ending] = failed === true ? [503, code("failed")] : [200, code("delivered")];
  return [...of("attempt"), at + 5, ...request, status, ending, 1, ending, at, content];
}

function duration(): number {
  return Math.exp(Math.random() * 6);
}

/** A UUIDv7 of the millisecond, as its bytes. */
function idOf(at: number): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at, 0, 6);
  return bytes;
}

const contents = Array.from({ length: 500 }, () => webhookContent(wallClock.now()));

/** Commits an event of 2.3 KB and then the attempt that ends it, as a delivery does. */
export async function deliver(file: TrafficFile, n: number): Promise<void> {
  const at = wallClock.now();
  const event = exchangeOf(n, at);
  await file.commit({ exchanges: [event], jobs: [] });
  const more = {
    kind: "attempt",
    parent: event.id,
    attempt: 1,
    outcome: "delivered",
    ending: "delivered",
  } as const;
  const bare = { request: { headers: [], body: null }, response: null };
  const attempt = {
    ...event,
    ...more,
    ...bare,
    id: newExchangeId(at),
    startedAt: wallClock.now(),
    durationMs: duration(),
  };
  await file.commit({ exchanges: [attempt], jobs: [] });
}

function exchangeOf(n: number, at: number): NewExchange {
  return {
    id: newExchangeId(at),
    workspace,
    environment: "production",
    bucket: "default",
    plane: "webhooks",
    kind: "event",
    subject: subjectOf(n % subjects),
    parent: null,
    trace: null,
    startedAt: at,
    durationMs: 0,
    method: "POST",
    host: "hooks.example",
    path: "/in/stripe",
    route: "/in/:slug",
    status: 200,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: null,
    receivedAt: at,
    facts: {},
    ...(contents[n % contents.length] ?? webhookContent(at)),
  };
}
