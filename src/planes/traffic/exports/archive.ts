import { contentTypeOf } from "../../../kernel/content-type.ts";
import type { Body, Exchange, Headers, Message } from "../../../kernel/exchange.ts";
import { partsOf } from "../../../kernel/target.ts";
import { contentOf, notesOf, urlOf } from "./request-parts.ts";

/** HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/ */
export function archiveOf(exchange: Exchange): string {
  const { durationMs, startedAt } = exchange;
  const entry = {
    startedDateTime: new Date(startedAt).toISOString(),
    time: durationMs,
    request: requestOf(exchange),
    response: responseOf(exchange),
    cache: {},
    timings: { send: 0, wait: durationMs, receive: 0 },
  };
  const creator = { name: "sluice", version: "1" };
  return JSON.stringify({ log: { version: "1.2", creator, entries: [entry] } }, null, 2);
}

const common = { httpVersion: "HTTP/1.1", cookies: [], headersSize: -1 };

function requestOf(exchange: Exchange): object {
  const { method, path, request } = exchange;
  const query = [...new URLSearchParams(partsOf(path).query)];
  return {
    ...common,
    method,
    url: urlOf(exchange),
    headers: named(request.headers),
    queryString: named(query),
    ...(request.body && { postData: { mimeType: contentTypeOf(request.headers), ...written(request.body) } }),
    bodySize: request.body?.size ?? 0,
  };
}

function responseOf({ status, response }: Exchange): object {
  const { headers, body }: Message = response ?? { headers: [], body: null };
  const size = body?.size ?? 0;
  return {
    ...common,
    status: status ?? 0,
    statusText: "",
    headers: named(headers),
    content: { size, mimeType: contentTypeOf(headers), ...written(body) },
    redirectURL: "",
    bodySize: size,
  };
}

function named(pairs: Headers): { name: string; value: string }[] {
  return pairs.map(([name, value]) => ({ name, value }));
}

/** `encoding` is of contents by the specification; archives use it for what was posted as well. */
function written(body: Body | null): object {
  const content = contentOf(body) ?? { text: "" };
  const notes = notesOf(body);
  return {
    ...("text" in content ? content : { text: content.base64, encoding: "base64" }),
    ...(notes.length > 0 && { comment: notes.join(" ") }),
  };
}
