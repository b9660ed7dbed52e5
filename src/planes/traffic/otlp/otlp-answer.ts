import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import type { Failure, FailureKind } from "../../../kernel/failure.ts";
import { refusal } from "../refusal.ts";

/** How a client writes, and how it is answered: OTLP 1, "OTLP/HTTP". */
export type Encoding = "protobuf" | "json";

const mediaTypes: Readonly<Record<Encoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** undefined = neither of the two. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === mediaTypes.protobuf) return "protobuf";
  return type === mediaTypes.json ? "json" : undefined;
}

/** All was taken but `rejected` spans, of which `message` says why. */
export function accepted(encoding: Encoding, rejected: number, message: string): RawAnswer {
  return answer(
    200,
    encoding,
    rejected === 0 ? {} : { partialSuccess: { rejectedSpans: rejected, errorMessage: message } },
    () =>
      rejected === 0
        ? Buffer.alloc(0)
        : bytesField(1, Buffer.concat([numberField(1, rejected), textField(2, message)])),
  );
}

/** Codes of google.rpc.Code. */
const codes: Readonly<Partial<Record<FailureKind, number>>> = {
  unauthenticated: 16,
  forbidden: 7,
  quota_exceeded: 8,
  not_found: 5,
  method_not_allowed: 12,
  limited: 8,
  unavailable: 14,
};
const invalidArgument = 3;

/** A google.rpc.Status. */
export function refused(encoding: Encoding, failure: Failure): RawAnswer {
  const { status, headers } = refusal(failure);
  const code = codes[failure.kind] ?? invalidArgument;
  const { hint } = failure.detail;
  const message = hint === undefined ? failure.message : `${failure.message} ${hint}`;
  const said = answer(status, encoding, { code, message }, () =>
    Buffer.concat([numberField(1, code), textField(2, message)]),
  );
  return { ...said, headers: { ...headers, ...said.headers } };
}

function answer(status: number, encoding: Encoding, json: object, protobuf: () => Buffer): RawAnswer {
  const body = encoding === "json" ? JSON.stringify(json) : protobuf();
  return { status, headers: { "content-type": mediaTypes[encoding] }, body };
}

function numberField(number: number, value: number): Buffer {
  return Buffer.from([number * 8, ...varint(value)]);
}

function textField(number: number, text: string): Buffer {
  return bytesField(number, Buffer.from(text));
}

function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
}
