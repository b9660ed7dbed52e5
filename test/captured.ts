import assert from "node:assert/strict";
import type { Arriving, Taken } from "../src/planes/traffic/arriving.ts";
import { capture } from "../src/planes/traffic/capture.ts";
import type { SentRecord } from "../src/planes/traffic/captured.ts";
import { exchangeIdOf } from "../src/planes/traffic/stored-record.ts";
import type { Engines } from "../src/registry/engines.ts";

/** What of a record a test says; the rest is as good as any. */
export type Told = Partial<Omit<SentRecord, "startedAt" | "request" | "response">> & {
  /** Before now, in ms. */
  readonly agoMs?: number;
  readonly request?: SaidMessage;
  readonly response?: SaidMessage | null;
};

/** What of a message a test says. */
export type SaidMessage = {
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly text?: string;
  /** Bytes instead of a text. */
  readonly bytes?: Uint8Array;
  readonly truncated?: boolean;
};

/** Where it was captured, production/default unless said, and what its sender says besides. */
export type CapturedAt = {
  readonly environment?: string;
  readonly bucket?: string;
  readonly source?: Arriving["source"];
  readonly dropped?: Arriving["dropped"];
};

const testSource = { name: "test", version: "1", service: "shop", instance: "a" };
const nothingDropped = { records: 0, summaries: 0, reasons: {} };

export type BroughtIn = Taken & {
  /** Of the exchanges, in the order of the records. */
  readonly ids: readonly string[];
};

let made = 0;

/** A record as agents send it. */
export function recordOf({ agoMs = 1_000, request = {}, response = {}, id, ...told }: Told, now: number) {
  const startedAt = now - agoMs;
  return {
    id: id ?? recordIdAt(startedAt),
    kind: "request",
    parent: null,
    startedAt,
    durationMs: 12.5,
    method: "GET",
    host: "api.example.com",
    target: "/orders/7",
    route: "/orders/:id",
    status: 200,
    outcome: "answered",
    error: null,
    ip: "203.0.113.7",
    ...told,
    request: messageOf(request),
    response: response === null ? null : messageOf(response),
  };
}

/** A UUIDv7 of this moment, another each time. */
export function recordIdAt(at: number): string {
  made++;
  return `${at.toString(16).padStart(12, "0")}7${made.toString(16).padStart(3, "0").slice(-3)}8${made.toString(16).padStart(15, "0")}`;
}

/** Brings captured traffic in as one batch, the way everything captured comes in. */
export async function bringIn(
  { engines, workspace }: { readonly engines: Engines; readonly workspace: string },
  told: readonly Told[],
  {
    environment = "production",
    bucket = "default",
    source = testSource,
    dropped = nothingDropped,
  }: CapturedAt = {},
): Promise<BroughtIn> {
  const { places, take } = await capture(engines, async () =>
    assert.fail("nobody is asked for a credential"),
  );
  const place = await places.find(workspace, environment, bucket);
  assert.ok(place, `there is no bucket ${environment}/${bucket}`);
  const now = engines.clock.now();
  const records = told.map((it) => recordOf(it, now));
  const taken = await take(place, {
    id: recordIdAt(now),
    source,
    records,
    summaries: [],
    counted: false,
    dropped,
    receivedAt: now,
  });
  return { ...taken, ids: records.map(({ id }) => exchangeIdOf(place, id)) };
}

function messageOf({ headers = [], text, bytes, truncated = false }: SaidMessage) {
  const size = bytes?.length ?? Buffer.byteLength(text ?? "");
  const ofBody = { size, sha256: "", truncated };
  if (bytes !== undefined)
    return { headers, body: { base64: Buffer.from(bytes).toString("base64"), ...ofBody }, size };
  return { headers, body: text === undefined ? null : { text, ...ofBody }, size };
}
