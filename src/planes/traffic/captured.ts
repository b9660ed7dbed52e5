import { z } from "zod";
import type { CapturedMessage } from "../../../capture/wire.ts";

/** Records of one batch. */
export const recordsMax = 1_000;
/** Series of one batch. */
export const summariesMax = 5_000;
/** Bytes of a body that are kept, whatever a sender or a setting says. */
export const bodyBytesMax = 1024 * 1024;
export const headersMax = 100;
export const headerCharactersMax = 16 * 1024;
export const targetCharactersMax = 8 * 1024;
const textMax = 1_000;
const slotMax = 2_000;

const hexId = z.string().regex(/^[0-9a-f]{32}$/, "32 lowercase hex characters");
/** RFC 9562: the first 12 hex characters are the milliseconds of its making. */
const recordId = z
  .string()
  .regex(/^[0-9a-f]{12}7[0-9a-f]{19}$/, "a UUIDv7 as 32 lowercase hex characters, without dashes");
const moment = z.number().min(0).max(4_102_444_800_000);
const bytes = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const method = z
  .string()
  .max(40)
  .regex(/^[A-Z][A-Z0-9_-]*$/, "a method in upper case");
const status = z.int().min(100).max(599);
const route = z.string().min(1).max(500);
const label = z.string().max(200);

const ofBody = {
  size: bytes,
  sha256: z.union([hexHash(), z.literal("")]).default(""),
  truncated: z.boolean().default(false),
};

const Body = z.union([
  z.strictObject({ text: z.string().max(bodyBytesMax), ...ofBody }),
  z.strictObject({ base64: z.base64().max(Math.ceil(bodyBytesMax / 3) * 4), ...ofBody }),
]);

const headerNameMax = 200;

/** One check of the whole list: a check of each of its parts takes several times as long. */
const Headers = z.custom<CapturedMessage["headers"]>(Array.isArray, "a list").check(({ value, issues }) => {
  const refuse = (path: readonly (string | number)[], message: string): void => {
    issues.push({ code: "custom", path: [...path], message, input: value });
  };
  let characters = 0;
  if (value.length > headersMax) refuse([], `at most ${headersMax} headers`);
  else
    for (const [index, header] of value.entries()) {
      const wrong = problemOfHeader(header);
      if (wrong !== undefined) return refuse([index, ...wrong.path], wrong.message);
      characters += header[0].length + header[1].length;
    }
  if (characters > headerCharactersMax) refuse([], `at most ${headerCharactersMax} characters in all`);
});

function problemOfHeader(header: unknown): { path: readonly number[]; message: string } | undefined {
  if (!isPair(header)) return { path: [], message: "a name and a value" };
  const [name, value] = header;
  if (typeof name !== "string" || name === "" || name.length > headerNameMax)
    return { path: [0], message: `a text of 1 to ${headerNameMax} characters` };
  if (typeof value !== "string") return { path: [1], message: "a text" };
  return undefined;
}

function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

const Message = z.object({
  headers: Headers,
  body: Body.nullable().default(null),
  /** Of the whole body in bytes, kept or not. */
  size: bytes.default(0),
});

/** One request and its answer, or one call made while a request was handled, as an agent sends it. */
export const SentRecord = z.object({
  /** Made from the record itself when it is left out. */
  id: recordId.optional(),
  kind: z.enum(["request", "outbound"]).default("request"),
  /** The record that caused this one. */
  parent: recordId.nullable().default(null),
  trace: hexId.nullable().default(null),
  startedAt: moment,
  durationMs: z
    .number()
    .min(0)
    .max(30 * 86_400_000),
  method,
  host: z.string().max(300),
  /** Path and query. */
  target: z.string().min(1).max(targetCharactersMax),
  route: route.nullable().default(null),
  status: status.nullable(),
  outcome: z.enum(["answered", "aborted", "failed", "blocked"]),
  error: z
    .object({ type: z.string().min(1).max(100), message: z.string().max(textMax).default("") })
    .nullable()
    .default(null),
  ip: z.string().max(64).nullable().default(null),
  /** 1 / the probability with which it was kept. */
  weight: z.number().min(1).max(1_000_000).default(1),
  request: Message,
  response: Message.nullable().default(null),
});

export type SentRecord = z.output<typeof SentRecord>;
export type CapturedRecord = SentRecord & { readonly id: string };

/** What passed in one minute under one method, route, status and outcome, whether recorded or not. */
export const CapturedSummary = z.object({
  at: z.int().min(0).max(4_102_444_800_000).multipleOf(60_000, "the start of a minute"),
  method,
  route,
  /** 0 = there was no answer. */
  status: z.union([status, z.literal(0)]),
  outcome: SentRecord.shape.outcome,
  count: z.int().min(1).max(1_000_000_000),
  requestBytes: bytes,
  responseBytes: bytes,
  /** Of all of them together. */
  durationMs: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
  /** Slots of `capture/slots.ts` and how many durations fell into each. */
  durations: z
    .array(z.tuple([z.int().min(0).max(slotMax), z.int().min(1).max(1_000_000_000)]))
    .max(slotMax + 1),
});

export type CapturedSummary = z.output<typeof CapturedSummary>;

/** What is sent at a time. Records and series are looked at one by one, so that a bad one does not cost the others. */
export const CapturedBatch = z.object({
  /** Made from the batch itself when it is left out. */
  id: hexId.optional(),
  agent: z.object({ name: label, version: label, service: label.default(""), instance: label.default("") }),
  sentAt: moment.optional(),
  records: z.array(z.unknown()).max(recordsMax).default([]),
  summaries: z.array(z.unknown()).max(summariesMax).default([]),
  /** Its summaries count its records; else they are counted on arrival. */
  counted: z.boolean().default(false),
  /** What the agent could not keep. */
  dropped: z
    .object({
      records: z.int().min(0).default(0),
      summaries: z.int().min(0).default(0),
      reasons: z.record(z.string().max(40), z.int().min(0)).default({}),
    })
    .default({ records: 0, summaries: 0, reasons: {} }),
});

export type CapturedBatch = z.output<typeof CapturedBatch>;

function hexHash() {
  return z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 in hex");
}
