import type { CapturedBody, CapturedMessage, HeaderPair } from "../../../../capture/wire.ts";
import { fittingHeaders } from "../fitting.ts";
import { listOf, memberOf, numberOf, textOf } from "../loose-json.ts";
import { bodyBytesKept } from "../settings.ts";

/**
 * What was sent and what was answered. Lists of cookies and of the query are left aside: headers and URL have both. `sentBytes` =
 * of the body that was sent, before it was cut.
 */
export function messagesOf(
  request: unknown,
  response: unknown,
  sentBytes: number | undefined,
): { readonly sent: CapturedMessage; readonly answered: CapturedMessage } {
  const posted = memberOf(request, "postData");
  const content = memberOf(response, "content");
  return {
    sent: messageOf(
      request,
      textOf(posted, "mimeType"),
      postedBytes(posted),
      sentBytes ?? numberOf(request, "bodySize"),
    ),
    answered: messageOf(
      response,
      textOf(content, "mimeType"),
      contentBytes(content),
      numberOf(content, "size"),
    ),
  };
}

/** `size` = of the body as it was before it was compressed on its way; -1 = not known. */
function messageOf(
  of: unknown,
  mimeType: string,
  bytes: Buffer | undefined,
  size: number | undefined,
): CapturedMessage {
  const declared = [size, numberOf(of, "bodySize")].find(isSize) ?? 0;
  const headers = headersOf(of, mimeType);
  if (bytes === undefined) return { headers, body: null, size: Math.floor(declared) };
  const body = bodyOf(bytes, size === undefined ? bytes.length : Math.floor(declared));
  return { headers, body, size: body.size };
}

function isSize(size: number | undefined): size is number {
  return size !== undefined && size > 0 && size <= Number.MAX_SAFE_INTEGER;
}

function bodyOf(bytes: Buffer, declared: number): CapturedBody {
  const size = Math.max(bytes.length, declared);
  const kept = bytes.subarray(0, bodyBytesKept);
  return { base64: kept.toString("base64"), size, sha256: "", truncated: size > kept.length };
}

/** Without the fields that HTTP/2 puts a request's line into; with the type of the body where that is told apart. */
function headersOf(of: unknown, mimeType: string): readonly HeaderPair[] {
  const headers = listOf(of, "headers")
    .map((header): HeaderPair => [textOf(header, "name").slice(0, 200), textOf(header, "value")])
    .filter(([name]) => !name.startsWith(":"));
  const isTyped = mimeType === "" || headers.some(([name]) => name.toLowerCase() === "content-type");
  return fittingHeaders(isTyped ? headers : [...headers, ["content-type", mimeType.slice(0, 1_000)]]);
}

function postedBytes(posted: unknown): Buffer | undefined {
  const text = textOf(posted, "text");
  if (text !== "") return Buffer.from(text, textOf(posted, "encoding") === "base64" ? "base64" : "utf8");
  const params = listOf(posted, "params");
  if (params.length === 0 || !/urlencoded/i.test(textOf(posted, "mimeType"))) return undefined;
  return Buffer.from(
    params.map((it) => `${encoded(textOf(it, "name"))}=${encoded(textOf(it, "value"))}`).join("&"),
  );
}

/** Some write the parameters of a form as they were sent, some decoded. */
function encoded(text: string): string {
  return /%[0-9a-f]{2}/i.test(text) ? text : encodeURIComponent(text.toWellFormed());
}

function contentBytes(content: unknown): Buffer | undefined {
  const text = textOf(content, "text");
  if (text === "") return undefined;
  return Buffer.from(text, textOf(content, "encoding") === "base64" ? "base64" : "utf8");
}
