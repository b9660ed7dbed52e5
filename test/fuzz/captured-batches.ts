import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { noon, plainRecords, sentRecords, series, standsForDeep, type Sent } from "./captured-records.ts";
import { damaged, harms } from "./damaged.ts";
import { nearly } from "./nasty.ts";

const mib = 1024 * 1024;

/** Bytes as they are posted to `/capture/v1/batches`. */
export type Posted = {
  readonly body: Buffer;
  readonly encoding: string;
  readonly type: string;
  readonly bucket: string;
  /** Of what is a batch as a whole: its records, in order. */
  readonly sent: readonly Sent[];
  /** `either`: the form alone can tell. A number is the status that refuses it whole. */
  readonly meant: "taken" | "either" | number;
};

const hexIds = fc.integer({ min: 0, max: 30 }).map((n) => n.toString(16).padStart(32, "0"));

const envelopes = fc
  .record({
    id: fc.option(hexIds, { freq: 3, nil: undefined }),
    agent: fc.record({
      name: fc.constantFrom("fuzz", "", "\u0000", "n".repeat(200)),
      version: fc.constant("1"),
      service: fc.constantFrom("shop", "é\ud800"),
    }),
    sentAt: fc.constantFrom(noon, 0, undefined),
    counted: fc.boolean(),
    summaries: fc.array(series, { maxLength: 4 }),
    dropped: fc.constantFrom(
      undefined,
      { records: 3, summaries: 1, reasons: { queue_full: 4 } },
      { reasons: JSON.parse('{"__proto__":1,"\\ud800":2}') as object },
    ),
  })
  .map((envelope) => JSON.parse(JSON.stringify(envelope)) as object);

const lists = fc.oneof(
  { weight: 12, arbitrary: fc.array(sentRecords, { maxLength: 6 }) },
  { weight: 1, arbitrary: sentRecords.map((one) => Array.from({ length: 1_000 }, () => slim(one))) },
);

/** A thousand of what is large would be a body that is too large. */
function slim({ record, meant }: Sent): Sent {
  const isSmall = meant !== "either" && JSON.stringify(record).length < 2_000;
  return isSmall ? { record, meant } : { record: 7, meant: { refusedAt: "" } };
}

const whole = { type: "application/json", encoding: "identity", bucket: "default" } as const;
const buckets = fc.constantFrom("default", "default", "shop");

const wellFormed = batchesOf(lists);

function batchesOf(records: fc.Arbitrary<readonly Sent[]>): fc.Arbitrary<Posted> {
  return fc
    .tuple(envelopes, records, buckets, fc.boolean())
    .map(([envelope, sent, bucket, zipped]): Posted => {
      const text = Buffer.from(written({ ...envelope, records: sent.map(({ record }) => record) }));
      const encoding = zipped ? "gzip" : "identity";
      return { ...whole, body: zipped ? gzipSync(text) : text, encoding, bucket, sent, meant: "taken" };
    });
}

/** As many levels as JSON is read with, and more than it can be written with. */
const deep = "[".repeat(6_000) + "]".repeat(6_000);

/** Once: many of them would be more than a batch may have. */
function written(batch: object): string {
  return JSON.stringify(batch).replace(`"${standsForDeep}"`, deep);
}

const nearlyBatches = nearly(envelopes.map((envelope) => ({ ...envelope, records: [] }))).map(
  (envelope): Posted => ({
    ...whole,
    body: Buffer.from(JSON.stringify(envelope)),
    sent: [],
    meant: "either",
  }),
);

const someBatch = JSON.stringify({ agent: { name: "fuzz", version: "1" }, records: [] });

/** A batch that was damaged on its way, or no JSON at all. */
const harmed = fc
  .tuple(
    fc.oneof(
      batchesOf(fc.array(plainRecords, { maxLength: 2 })),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ ...whole, body: Buffer.from(bytes) })),
    ),
    harms,
  )
  .map(([{ body, encoding }, harm]): Posted => ({
    ...whole,
    encoding,
    body: damaged(body, harm),
    sent: [],
    meant: "either",
  }));

function refused(status: number, body: string | Uint8Array, encoding = "identity"): Posted {
  return { ...whole, body: Buffer.from(body), encoding, sent: [], meant: status };
}

const many = (what: string, count: number): string =>
  `{"agent":{"name":"a","version":"1"},"${what}":[${Array.from({ length: count }, () => "1").join()}]}`;

/** Each is refused as a whole, whatever else is. */
const refusals = fc.constantFrom<Posted>(
  refused(400, ""),
  refused(400, "null"),
  refused(400, "[]"),
  refused(400, '{"__proto__":{"agent":{"name":"a","version":"1"}}}'),
  refused(400, "[".repeat(2 * mib)),
  refused(400, "[".repeat(mib) + "]".repeat(mib)),
  refused(400, Buffer.from(`{"agent":{"name":"\xff","version":"1"}}`, "latin1")),
  refused(400, '{"agent":{"name":NaN,"version":"1"}}'),
  refused(400, '{"agent":{"name":"a","version":"1"},"sentAt":1e400}'),
  refused(400, many("records", 1_001)),
  refused(400, many("summaries", 5_001)),
  refused(413, "x".repeat(4 * mib + 1)),
  refused(413, gzipSync(" ".repeat(16 * mib) + someBatch), "gzip"),
  refused(413, gzipSync(Buffer.alloc(40 * mib)), "gzip"),
  refused(400, gzipSync(someBatch).subarray(0, -9), "gzip"),
  refused(400, someBatch, "gzip"),
  refused(400, "", "gzip"),
  refused(400, gzipSync(gzipSync(someBatch)), "gzip"),
  refused(415, brotliCompressSync(someBatch), "br"),
  refused(415, zstdCompressSync(someBatch), "zstd"),
  refused(415, deflateSync(someBatch), "deflate"),
  refused(415, gzipSync(someBatch), "gzip, gzip"),
  refused(415, someBatch, "constructor"),
  { ...refused(400, someBatch), bucket: "nowhere" },
  { ...refused(400, someBatch), bucket: "__proto__" },
);

/** The type is not looked at, as long as the body is JSON. */
const oddlyTyped = fc
  .tuple(
    wellFormed,
    fc.constantFrom("text/plain", "application/x-protobuf", ";;", "application/json; charset=utf-16"),
  )
  .map(([posted, type]): Posted => ({ ...posted, type }));

export const postedBatches: fc.Arbitrary<Posted> = fc.oneof(
  { weight: 12, arbitrary: wellFormed },
  { weight: 2, arbitrary: oddlyTyped },
  { weight: 4, arbitrary: nearlyBatches },
  { weight: 4, arbitrary: harmed },
  { weight: 5, arbitrary: refusals },
);
