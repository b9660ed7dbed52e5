import { Failure } from "../../../kernel/failure.ts";

/** A list is one of texts; other values, such as maps, are not kept. */
export type AttributeValue = string | number | boolean | Uint8Array | readonly string[];
export type Attributes = ReadonlyMap<string, AttributeValue>;

export type Raised = { readonly type: string; readonly message: string };

const typeCharactersMax = 100;
const messageCharactersMax = 1_000;

/** What is kept of a span of OpenTelemetry, however it was written. */
export type Span = {
  /** 32 and 16 lowercase hex digits as they came; anything else makes the span unusable. */
  readonly traceId: string;
  readonly spanId: string;
  /** "" = none. */
  readonly parentSpanId: string;
  readonly traceState: string;
  /** As of `kinds`. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  /** The exception noted last. */
  readonly raised: Raised | null;
  readonly status: { readonly code: number; readonly message: string };
};

export const kinds = { server: 2, client: 3 } as const;
/** Of a status that says that something went wrong. */
export const errorCode = 2;

export type SpansOfResource = { readonly resource: Attributes; readonly spans: readonly Span[] };

export const noSpan: Span = {
  traceId: "",
  spanId: "",
  parentSpanId: "",
  traceState: "",
  kind: 0,
  startNs: 0n,
  endNs: 0n,
  attributes: new Map(),
  raised: null,
  status: { code: 0, message: "" },
};

const spanAttribute = /^(?:http|url|server|client|net|network|user_agent|error)\./;
const resourceAttributes: ReadonlySet<string> = new Set([
  "deployment.environment",
  "deployment.environment.name",
  "service.instance.id",
  "service.name",
  "telemetry.sdk.version",
]);
const eventAttributes: ReadonlySet<string> = new Set(["exception.message", "exception.type"]);

/** What is looked at later: nothing else is held. */
export const kept = {
  resource: (name: string): boolean => resourceAttributes.has(name),
  span: (name: string): boolean => spanAttribute.test(name),
  event: (name: string): boolean => eventAttributes.has(name),
} as const;

/** Of the name of an event, and of its attributes. */
export function raisedBy(name: string, attributes: Attributes): Raised | null {
  if (name !== "exception") return null;
  const [type, message] = [attributes.get("exception.type"), attributes.get("exception.message")];
  return {
    type: typeof type === "string" && type !== "" ? type.slice(0, typeCharactersMax) : "Error",
    message: typeof message === "string" ? message.slice(0, messageCharactersMax) : "",
  };
}

const resourcesMax = 1_000;
const spansMax = 20_000;
const attributesMax = 400_000;
/** Of one attribute that is a list. */
export const itemsMax = 100;

/** Counts what one request brings: an empty span costs its sender two bytes, and us much more. */
export class Allowance {
  #resources = resourcesMax;
  #spans = spansMax;
  #attributes = attributesMax;

  /** @throws Failure too_large */
  resource(): void {
    if (this.#resources-- === 0) throw tooMany(`More than ${resourcesMax} resources.`);
  }

  /** @throws Failure too_large */
  span(): void {
    if (this.#spans-- === 0) throw tooMany(`More than ${spansMax} spans.`);
  }

  /** @throws Failure too_large */
  attribute(): void {
    if (this.#attributes-- === 0) throw tooMany(`More than ${attributesMax} attributes.`);
  }
}

function tooMany(message: string): Failure {
  return new Failure("too_large", message, {
    hint: "Export smaller batches: OTEL_BSP_MAX_EXPORT_BATCH_SIZE, or send_batch_max_size of a collector.",
  });
}
