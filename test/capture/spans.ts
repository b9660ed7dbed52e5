import { written, type Field, type Message } from "./protobuf-writer.ts";

export type Value = string | number | boolean | readonly string[] | Uint8Array;
export type Attributes = Readonly<Record<string, Value>>;

type Belonging = {
  readonly traceId?: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
};

type Passing = {
  /** 2 = server, 3 = client. */
  readonly kind?: number;
  /** ms. */
  readonly startedAt?: number;
  readonly durationMs?: number;
};

type Saying = {
  readonly attributes?: Attributes;
  readonly exception?: { readonly type: string; readonly message: string };
  readonly status?: { readonly code: number; readonly message: string };
};

/** A span as a test writes it. */
export type Made = { readonly spanId: string } & Belonging & Passing & Saying;

export const someTrace = "0af7651916cd43dd8448eb211c80319c";
export const noon = Date.UTC(2026, 10, 20, 12);

/** An ExportTraceServiceRequest in JSON. */
export function jsonRequest(resource: Attributes, spans: readonly Made[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: jsonAttributes(resource) },
        scopeSpans: [{ scope: { name: "test" }, spans: spans.map(jsonSpan) }],
      },
    ],
  };
}

function jsonSpan(made: Made): object {
  const { spanId, attributes = {}, exception, status, traceState } = made;
  const { start, end } = times(made);
  return {
    traceId: made.traceId ?? someTrace,
    spanId,
    parentSpanId: made.parentSpanId ?? "",
    name: "GET",
    kind: made.kind ?? 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end),
    attributes: jsonAttributes(attributes),
    events: exception ? [{ name: "exception", attributes: jsonAttributes(raised(exception)) }] : [],
    ...(status && { status }),
    ...(traceState !== undefined && { traceState }),
  };
}

function jsonAttributes(attributes: Attributes): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: Value): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  // Both are seen: text by the rules of Protocol Buffers, numbers from JavaScript.
  if (typeof value === "number") return { intValue: value % 2 === 0 ? value : String(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
}

/** The same in Protocol Buffers. */
export function protobufRequest(resource: Attributes, spans: readonly Made[]): Buffer {
  const scope: Message = [
    [1, { bytes: [[1, { bytes: "test" }]] }],
    ...spans.map((span): Message[number] => [2, { bytes: protobufSpan(span) }]),
  ];
  const one: Message = [
    [1, { bytes: protobufAttributes(1, resource) }],
    [2, { bytes: scope }],
  ];
  return written([[1, { bytes: one }]]);
}

function protobufSpan(made: Made): Message {
  const { spanId, attributes = {}, exception, status, traceState } = made;
  const { start, end } = times(made);
  return [
    [1, { bytes: Buffer.from(made.traceId ?? someTrace, "hex") }],
    [2, { bytes: Buffer.from(spanId, "hex") }],
    [3, { bytes: traceState ?? "" }],
    [4, { bytes: Buffer.from(made.parentSpanId ?? "", "hex") }],
    [5, { bytes: "GET" }],
    [6, { varint: made.kind ?? 2 }],
    [7, { fixed64: start }],
    [8, { fixed64: end }],
    ...protobufAttributes(9, attributes),
    ...(exception
      ? [[11, { bytes: [[2, { bytes: "exception" }], ...protobufAttributes(3, raised(exception))] }] as const]
      : []),
    ...(status
      ? [
          [
            15,
            {
              bytes: [
                [2, { bytes: status.message }],
                [3, { varint: status.code }],
              ],
            },
          ] as const,
        ]
      : []),
    // Fields of a later version, of each type that there is.
    [1_000, { varint: 7 }],
    [1_001, { bytes: "later" }],
    [1_002, { double: 0.5 }],
  ];
}

function protobufAttributes(number: number, attributes: Attributes): Message {
  return Object.entries(attributes).map(([key, value]) => [
    number,
    {
      bytes: [
        [1, { bytes: key }],
        [2, { bytes: [protobufValue(value)] }],
      ],
    },
  ]);
}

function protobufValue(value: Value): readonly [number, Field] {
  if (typeof value === "string") return [1, { bytes: value }];
  if (typeof value === "boolean") return [2, { varint: value ? 1 : 0 }];
  if (typeof value === "number") return [3, { varint: value }];
  if (value instanceof Uint8Array) return [7, { bytes: value }];
  return [5, { bytes: value.map((item): Message[number] => [1, { bytes: [[1, { bytes: item }]] }]) }];
}

function times({ startedAt = noon, durationMs = 12 }: Made): {
  readonly start: bigint;
  readonly end: bigint;
} {
  const start = BigInt(startedAt) * 1_000_000n;
  return { start, end: start + BigInt(durationMs) * 1_000_000n };
}

function raised({ type, message }: NonNullable<Made["exception"]>): Attributes {
  return { "exception.type": type, "exception.message": message, "exception.stacktrace": "at shelf" };
}
