import type { Body, Exchange, Headers } from "../../../kernel/exchange.ts";
import { textOf } from "../../../registry/body-text.ts";

/** What a client sets itself. */
const ofTransport: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "accept-encoding",
  "keep-alive",
]);

export function urlOf({ host, path }: Exchange): string {
  const local = /^(localhost|127\.|\[::1\])/.test(host);
  return `${local ? "http" : "https"}://${host === "" ? "localhost" : host}${path}`;
}

/** Those that are to be sent. Captured bodies are stored as they were before they were compressed. */
export function headersOf({ plane, request }: Exchange): Headers {
  return request.headers.filter(([given]) => {
    const name = given.toLowerCase();
    return !ofTransport.has(name) && !(plane === "traffic" && name === "content-encoding");
  });
}

/** Text as it is, or base64 of bytes that are none. */
export type Content = { readonly text: string } | { readonly base64: string };

/** undefined = there is nothing to be sent. */
export function contentOf(body: Body | null): Content | undefined {
  if (body === null || body.bytes.length === 0) return undefined;
  const text = textOf(body.bytes, body.truncated);
  return text === undefined ? { base64: Buffer.from(body.bytes).toString("base64") } : { text };
}

/** What whoever uses it has to know of a body: none for one that is whole. */
export function notesOf(body: Body | null): readonly string[] {
  return body?.truncated === true ? [`The body had ${body.size} bytes: its end is missing here.`] : [];
}
