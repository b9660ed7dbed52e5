import { fieldKey, ProtobufReader } from "./protobuf.ts";
import {
  Allowance,
  itemsMax,
  kept,
  noSpan,
  raisedBy,
  type Attributes,
  type AttributeValue,
  type Raised,
  type Span,
  type SpansOfResource,
} from "./span.ts";

// Numbers of fields: opentelemetry/proto/collector/trace/v1/trace_service.proto and what it imports, of version 1.

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads an ExportTraceServiceRequest.
 *
 * @throws MalformedProtobuf; Failure too_large when there is more in it than one request may bring
 */
export function protobufSpans(bytes: Buffer): readonly SpansOfResource[] {
  const allowance = new Allowance();
  const request = new ProtobufReader(bytes);
  const all: SpansOfResource[] = [];
  for (let key = request.next(); key !== 0; key = request.next()) {
    if (key !== fieldKey(1, "bytes")) {
      request.skip(key);
      continue;
    }
    allowance.resource();
    all.push(spansOfResource(request.message(), allowance));
  }
  return all;
}

function spansOfResource(reader: ProtobufReader, allowance: Allowance): SpansOfResource {
  let resource: Attributes = new Map();
  const spans: Span[] = [];
  for (let key = reader.next(); key !== 0; key = reader.next()) {
    if (key === fieldKey(1, "bytes")) resource = resourceOf(reader.message(), allowance);
    else if (key === fieldKey(2, "bytes")) spansOfScope(reader.message(), allowance, spans);
    else reader.skip(key);
  }
  return { resource, spans };
}

function resourceOf(reader: ProtobufReader, allowance: Allowance): Attributes {
  const attributes = new Map<string, AttributeValue>();
  for (let key = reader.next(); key !== 0; key = reader.next()) {
    if (key === fieldKey(1, "bytes")) readAttribute(reader.message(), kept.resource, attributes, allowance);
    else reader.skip(key);
  }
  return attributes;
}

function spansOfScope(reader: ProtobufReader, allowance: Allowance, spans: Span[]): void {
  for (let key = reader.next(); key !== 0; key = reader.next()) {
    if (key !== fieldKey(2, "bytes")) {
      reader.skip(key);
      continue;
    }
    allowance.span();
    spans.push(spanOf(reader.message(), allowance));
  }
}

type Draft = Omit<Mutable<Span>, "attributes"> & { readonly attributes: Map<string, AttributeValue> };

const spanFields: ReadonlyMap<number, (reader: ProtobufReader, span: Draft, allowance: Allowance) => void> =
  new Map([
    [fieldKey(1, "bytes"), (reader, span) => void (span.traceId = reader.hex())],
    [fieldKey(2, "bytes"), (reader, span) => void (span.spanId = reader.hex())],
    [fieldKey(3, "bytes"), (reader, span) => void (span.traceState = reader.text())],
    [fieldKey(4, "bytes"), (reader, span) => void (span.parentSpanId = reader.hex())],
    [fieldKey(6, "varint"), (reader, span) => void (span.kind = reader.varint())],
    [fieldKey(7, "fixed64"), (reader, span) => void (span.startNs = reader.fixed64())],
    [fieldKey(8, "fixed64"), (reader, span) => void (span.endNs = reader.fixed64())],
    [
      fieldKey(9, "bytes"),
      (reader, span, allowance) => readAttribute(reader.message(), kept.span, span.attributes, allowance),
    ],
    [
      fieldKey(11, "bytes"),
      (reader, span, allowance) => void (span.raised = raisedIn(reader.message(), allowance) ?? span.raised),
    ],
    [fieldKey(15, "bytes"), (reader, span) => void (span.status = statusOf(reader.message()))],
  ]);

function spanOf(reader: ProtobufReader, allowance: Allowance): Span {
  const span: Draft = { ...noSpan, attributes: new Map<string, AttributeValue>() };
  for (let key = reader.next(); key !== 0; key = reader.next()) {
    const read = spanFields.get(key);
    if (read === undefined) reader.skip(key);
    else read(reader, span, allowance);
  }
  return span;
}

function raisedIn(reader: ProtobufReader, allowance: Allowance): Raised | null {
  let name = "";
  const attributes = new Map<string, AttributeValue>();
  for (let key = reader.next(); key !== 0; key = reader.next()) {
    if (key === fieldKey(2, "bytes")) name = reader.text();
    else if (key === fieldKey(3, "bytes")) readAttribute(reader.message(), kept.event, attributes, allowance);
    else reader.skip(key);
  }
  return raisedBy(name, attributes);
}

function statusOf(reader: ProtobufReader): Span["status"] {
  const status = { code: 0, message: "" };
  for (let key = reader.next(); key !== 0; key = reader.next()) {
    if (key === fieldKey(2, "bytes")) status.message = reader.text();
    else if (key === fieldKey(3, "varint")) status.code = reader.varint();
    else reader.skip(key);
  }
  return status;
}

/** The value may stand before the name, so that both are found before either is read. */
function readAttribute(
  reader: ProtobufReader,
  isKept: (name: string) => boolean,
  into: Map<string, AttributeValue>,
  allowance: Allowance,
): void {
  let name = "";
  let value: ProtobufReader | undefined;
  for (let key = reader.next(); key !== 0; key = reader.next()) {
    if (key === fieldKey(1, "bytes")) name = reader.text();
    else if (key === fieldKey(2, "bytes")) value = reader.message();
    else reader.skip(key);
  }
  if (value === undefined || !isKept(name)) return;
  allowance.attribute();
  const read = valueOf(value);
  if (read !== undefined) into.set(name, read);
}

/** Lists are read one level deep and maps are not, so that nothing nests. */
function valueOf(reader: ProtobufReader): AttributeValue | undefined {
  let value: AttributeValue | undefined;
  for (let key = reader.next(); key !== 0; key = reader.next()) {
    if (key === fieldKey(1, "bytes")) value = reader.text();
    else if (key === fieldKey(2, "varint")) value = reader.varint() !== 0;
    else if (key === fieldKey(3, "varint")) value = reader.signed();
    else if (key === fieldKey(4, "fixed64")) value = reader.double();
    else if (key === fieldKey(5, "bytes")) value = textsOf(reader.message());
    else if (key === fieldKey(7, "bytes")) value = reader.bytes();
    else reader.skip(key);
  }
  return value;
}

function textsOf(list: ProtobufReader): readonly string[] {
  const texts: string[] = [];
  for (let key = list.next(); key !== 0; key = list.next()) {
    if (key !== fieldKey(1, "bytes") || texts.length === itemsMax) {
      list.skip(key);
      continue;
    }
    const item = list.message();
    for (let inner = item.next(); inner !== 0; inner = item.next()) {
      if (inner === fieldKey(1, "bytes")) texts.push(item.text());
      else item.skip(inner);
    }
  }
  return texts;
}
