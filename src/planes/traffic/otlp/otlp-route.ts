import type { RawAnswer, RawRequest, RawRoute } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { partsOf } from "../../../kernel/target.ts";
import { captureSender } from "../capture-place.ts";
import { capturedBody } from "../captured-body.ts";
import type { Capture } from "../capture.ts";
import { jsonSpans } from "./json-spans.ts";
import { accepted, encodingOf, refused, type Encoding } from "./otlp-answer.ts";
import { MalformedProtobuf } from "./protobuf.ts";
import { protobufSpans } from "./protobuf-spans.ts";
import { takeSpans, type Means } from "./span-batch.ts";
import type { SpansOfResource } from "./span.ts";
import { traceMemory } from "./trace-memory.ts";

const prefix = "/otlp/v1/";

/**
 * OTLP/HTTP, as unmodified SDKs and collectors of OpenTelemetry send it, in Protocol Buffers or JSON. Spans of HTTP become
 * records; metrics and logs are taken and forgotten, since some SDKs send them unasked and complain when they are refused.
 * Answered once what came is durable: 4xx but 429 = do not send it again, 429 and 503 = send it again.
 */
export function otlpRoute(capture: Capture): RawRoute {
  const memory = traceMemory();
  return {
    prefix,
    async handle(request) {
      const encoding = encodingOf(request.header("content-type"));
      try {
        return await answer(request, encoding, { capture, memory });
      } catch (error) {
        if (error instanceof Failure) return refused(encoding ?? "json", error);
        throw error;
      }
    },
  };
}

const signals = ["traces", "metrics", "logs"].map((name) => prefix + name);

async function answer(request: RawRequest, encoding: Encoding | undefined, means: Means): Promise<RawAnswer> {
  const { path } = partsOf(request.target);
  if (!signals.includes(path)) throw new Failure("not_found", "Nothing answers here.", { allowed: signals });
  if (request.method !== "POST") throw new Failure("method_not_allowed", "Use POST.", { allowed: ["POST"] });
  const sender = await captureSender(request, means.capture);
  if (encoding === undefined)
    throw new Failure("unsupported_media", "Send application/x-protobuf or application/json.", {
      hint: "Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf or http/json: gRPC is not spoken.",
    });
  const bytes = await capturedBody(request);
  if (!path.endsWith("/traces")) return accepted(encoding, 0, "");
  const { receivedAt } = request;
  const { rejected, why } = await takeSpans(spansIn(bytes, encoding), { sender, receivedAt }, means);
  return accepted(encoding, rejected, why);
}

function spansIn(bytes: Buffer, encoding: Encoding): readonly SpansOfResource[] {
  try {
    if (encoding === "protobuf") return protobufSpans(bytes);
    return jsonSpans(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    if (error instanceof MalformedProtobuf)
      throw new Failure("invalid", `The body is no ExportTraceServiceRequest: ${error.message}.`);
    if (error instanceof Failure) throw error;
    throw new Failure("invalid", "The body is no JSON in UTF-8.");
  }
}
