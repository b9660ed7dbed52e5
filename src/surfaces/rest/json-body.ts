import { Failure } from "../../kernel/failure.ts";
import { quoted } from "../../kernel/quoted.ts";
import { parseJson } from "../../registry/json-text.ts";

export const bodyBytesMax = 4 * 1024 * 1024;

/**
 * The members of a request's JSON object; a request without a body has none.
 *
 * @throws Failure too_large above 4 MiB, unsupported_media for anything but UTF-8 JSON as it is, invalid when it is
 * malformed or no object
 */
export async function jsonBody(request: Request): Promise<object> {
  const bytes = await bytesOf(request);
  if (bytes.length === 0) return {};
  refuseOtherMedia(request.headers);
  const value = parseJson(textOf(bytes));
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Failure("invalid", "The body must be a JSON object.", {
    pointer: "",
    hint: 'Send the fields as members of one object, such as {"name": "orders"}.',
  });
}

function refuseOtherMedia(headers: Headers): void {
  const type = headers.get("content-type") ?? "";
  const [media = "", ...parameters] = type.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((it) => it.startsWith("charset="))?.replace(/^charset="?|"$/g, "");
  if (media === "application/json" && (charset ?? "utf-8") === "utf-8" && !headers.has("content-encoding"))
    return;
  const said = headers.has("content-encoding")
    ? "The body is compressed."
    : type === ""
      ? "The body has no content type."
      : `The content type ${quoted(type)} is not understood.`;
  throw new Failure("unsupported_media", said, {
    allowed: ["application/json"],
    hint: "Send UTF-8 JSON with the header `Content-Type: application/json`.",
  });
}

async function bytesOf(request: Request): Promise<Uint8Array> {
  const body: ReadableStream<Uint8Array> | null = request.body;
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > bodyBytesMax) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("invalid", "The body broke off before its end.", { hint: "Send the request again." });
  }
  return Buffer.concat(chunks);
}

function tooLarge(): Failure {
  return new Failure("too_large", `The body is larger than ${bodyBytesMax} bytes.`, {
    hint: "Send less at once.",
  });
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Failure("invalid", "The body is not UTF-8.", { hint: "Encode the JSON as UTF-8." });
  }
}
