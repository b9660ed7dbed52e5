import { Failure } from "../../../kernel/failure.ts";
import { listOf, memberOf, textOf } from "../loose-json.ts";
import {
  Allowance,
  itemsMax,
  kept,
  raisedBy,
  type Attributes,
  type AttributeValue,
  type Raised,
  type Span,
  type SpansOfResource,
} from "./span.ts";

/**
 * Reads an ExportTraceServiceRequest in its JSON form (OTLP 1, "JSON Protobuf Encoding"): ids as hex, 64-bit numbers as
 * text or number. Of a span, what is not where it belongs counts as absent, as in Protocol Buffers.
 *
 * @throws Failure invalid, with the place, for what is no list of messages down to the spans; too_large when there is more in it than one request may bring
 */
export function jsonSpans(request: unknown): readonly SpansOfResource[] {
  const allowance = new Allowance();
  return messagesIn({ value: request, at: "" }, "resourceSpans").map((one) => {
    allowance.resource();
    return {
      resource: attributesOf(memberOf(one.value, "resource"), kept.resource, allowance),
      spans: messagesIn(one, "scopeSpans").flatMap((scope) =>
        messagesIn(scope, "spans").map((span) => {
          allowance.span();
          return spanOf(span.value, allowance);
        }),
      ),
    };
  });
}

/** A message and its JSON pointer. */
type Message = { readonly value: unknown; readonly at: string };

/** @throws Failure invalid unless it is a message and has there a list, or nothing */
function messagesIn({ value, at }: Message, name: string): readonly Message[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw misshapen(at, "an object");
  const list = memberOf(value, name) ?? [];
  const listAt = `${at}/${name}`;
  if (!Array.isArray(list)) throw misshapen(listAt, "a list");
  return list.map((item: unknown, index) => ({ value: item, at: `${listAt}/${index}` }));
}

function misshapen(pointer: string, wanted: string): Failure {
  const where = pointer === "" ? "it" : pointer;
  return new Failure("invalid", `The body is no ExportTraceServiceRequest: ${where} must be ${wanted}.`, {
    pointer,
  });
}

function spanOf(span: unknown, allowance: Allowance): Span {
  const status = memberOf(span, "status");
  return {
    traceId: textOf(span, "traceId").toLowerCase(),
    spanId: textOf(span, "spanId").toLowerCase(),
    parentSpanId: textOf(span, "parentSpanId").toLowerCase(),
    traceState: textOf(span, "traceState"),
    kind: enumOf(span, "kind", kindNames),
    startNs: nanosecondsOf(span, "startTimeUnixNano"),
    endNs: nanosecondsOf(span, "endTimeUnixNano"),
    attributes: attributesOf(span, kept.span, allowance),
    raised: listOf(span, "events").reduce<Raised | null>(
      (last, event) => raisedIn(event, allowance) ?? last,
      null,
    ),
    status: { code: enumOf(status, "code", statusNames), message: textOf(status, "message") },
  };
}

function raisedIn(event: unknown, allowance: Allowance): Raised | null {
  return raisedBy(textOf(event, "name"), attributesOf(event, kept.event, allowance));
}

/** Some write the name of a value in place of its number. */
const kindNames = ["", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map(
  (name) => `SPAN_KIND_${name}`,
);
const statusNames = ["UNSET", "OK", "ERROR"].map((name) => `STATUS_CODE_${name}`);

function enumOf(of: unknown, name: string, names: readonly string[]): number {
  const value = memberOf(of, name);
  return typeof value === "number" ? value : Math.max(names.indexOf(String(value)), 0);
}

function nanosecondsOf(of: unknown, name: string): bigint {
  const value = memberOf(of, name);
  if (typeof value === "string" && /^\d{1,20}$/.test(value)) return BigInt(value);
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? BigInt(value) : 0n;
}

function attributesOf(of: unknown, isKept: (name: string) => boolean, allowance: Allowance): Attributes {
  const attributes = new Map<string, AttributeValue>();
  for (const attribute of listOf(of, "attributes")) {
    const name = textOf(attribute, "key");
    if (!isKept(name)) continue;
    allowance.attribute();
    const value = valueOf(memberOf(attribute, "value"));
    if (value !== undefined) attributes.set(name, value);
  }
  return attributes;
}

function valueOf(value: unknown): AttributeValue | undefined {
  const [text, bool] = [memberOf(value, "stringValue"), memberOf(value, "boolValue")];
  if (typeof text === "string") return text;
  if (typeof bool === "boolean") return bool;
  const number = memberOf(value, "intValue") ?? memberOf(value, "doubleValue");
  if (typeof number === "number" || (typeof number === "string" && number !== "")) return Number(number);
  const bytes = memberOf(value, "bytesValue");
  if (typeof bytes === "string") return Buffer.from(bytes, "base64");
  const list = memberOf(value, "arrayValue");
  if (list === undefined) return undefined;
  const texts = listOf(list, "values").map((item) => memberOf(item, "stringValue"));
  return texts.filter((item) => typeof item === "string").slice(0, itemsMax);
}
