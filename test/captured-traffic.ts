import { randomBytes } from "node:crypto";
import assert from "node:assert/strict";
import type { CapturedRecord } from "../capture/wire.ts";
import { capture, type Taken } from "../src/planes/traffic/capture.ts";
import { authenticatorOf, type World } from "./world.ts";

export type Captured = {
  readonly method?: string;
  readonly target: string;
  readonly route?: string;
  readonly status?: number | null;
  /** Sent as JSON. */
  readonly request?: unknown;
  readonly response?: unknown;
  readonly headers?: CapturedRecord["request"]["headers"];
  readonly userAgent?: string;
  readonly kind?: CapturedRecord["kind"];
};

export type CapturedPlace = {
  readonly workspace: string;
  readonly environment?: string;
  readonly bucket?: string;
};

/** Brings records in as an agent does that counts nothing itself, at the moment that the world has. */
export async function bringIn(
  { engines, clock }: Pick<World, "engines" | "clock">,
  { workspace, environment = "production", bucket = "default" }: CapturedPlace,
  list: readonly Captured[],
): Promise<Taken> {
  const { places, take } = await capture(engines, await authenticatorOf(engines));
  const place = await places.find(workspace, environment, bucket);
  assert.ok(place, "the bucket is there");
  const now = clock.now();
  const taken = await take(place, {
    id: randomBytes(16).toString("hex"),
    source: { name: "test", version: "1", service: "shop", instance: "1" },
    records: list.map((it) => recordOf(it, now)),
    summaries: [],
    counted: false,
    dropped: { records: 0, summaries: 0, reasons: {} },
    receivedAt: now,
  });
  assert.deepEqual(taken.refused, []);
  return taken;
}

function recordOf(it: Captured, now: number): CapturedRecord {
  const { status = 200, method = "GET", headers = [], userAgent = "Shop/1.2", kind = "request" } = it;
  const json = ["content-type", "application/json"] as const;
  return {
    id: `${now.toString(16).padStart(12, "0")}7${randomBytes(10).toString("hex").slice(0, 19)}`,
    kind,
    parent: null,
    trace: null,
    startedAt: now,
    durationMs: 12,
    method,
    host: "shop.example",
    target: it.target,
    route: it.route ?? null,
    status,
    outcome: status === null ? "failed" : "answered",
    error: null,
    ip: "192.0.2.1",
    weight: 1,
    request: {
      headers: [["user-agent", userAgent], ...(it.request === undefined ? [] : [json]), ...headers],
      ...bodyOf(it.request),
    },
    response: status === null ? null : { headers: [json], ...bodyOf(it.response) },
  };
}

function bodyOf(value: unknown): Pick<CapturedRecord["request"], "body" | "size"> {
  if (value === undefined) return { body: null, size: 0 };
  const text = JSON.stringify(value);
  const size = Buffer.byteLength(text);
  return { body: { text, size, sha256: "", truncated: false }, size };
}
