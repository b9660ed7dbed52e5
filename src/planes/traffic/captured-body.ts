import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { BodyProblem, RawRequest } from "../../engines/inbound/inbound.ts";
import { Failure, type FailureKind } from "../../kernel/failure.ts";

const sentBytesMax = 4 * 1024 * 1024;
const inflatedBytesMax = 16 * 1024 * 1024;
const inflate = promisify(gunzip);

/** The body of a request that brings captured traffic, gunzipped. @throws Failure that says why there is none */
export async function capturedBody(request: RawRequest): Promise<Buffer> {
  const encoding = (request.header("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "gzip" && encoding !== "identity")
    throw new Failure("unsupported_media", "This Content-Encoding is not read.", {
      allowed: ["gzip", "identity"],
    });
  const read = await request.body(sentBytesMax);
  if (read.kind !== "whole") throw problem(read.kind);
  return encoding === "gzip" ? inflated(read.bytes) : read.bytes;
}

async function inflated(bytes: Buffer): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: inflatedBytesMax });
  } catch (error) {
    if (error instanceof RangeError || isTooLarge(error))
      throw new Failure("too_large", `More than ${inflatedBytesMax} bytes when inflated.`, { hint: smaller });
    throw new Failure("invalid", "The body is no gzip.", { pointer: "" });
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

const smaller = "Send fewer records at a time.";

const problems: Readonly<Record<BodyProblem, readonly [kind: FailureKind, message: string]>> = {
  too_large: ["too_large", `More than ${sentBytesMax} bytes.`],
  slow: ["unavailable", "The body did not arrive in time."],
  busy: ["unavailable", "Too many bodies are arriving at once."],
  broken: ["invalid", "The body does not have the declared length."],
};

function problem(of: BodyProblem): Failure {
  const [kind, message] = problems[of];
  return new Failure(kind, message, kind === "too_large" ? { hint: smaller } : {});
}
