import type { Attributes, Made } from "./capture/spans.ts";
import type { SaidMessage, Told } from "./captured.ts";

// What a test tells of a record, as others than agents tell it. Neither has a word for everything that a record has.

/** A span of a server; the n-th is told apart from others by its id. */
export function spanOf({ target = "/orders/7", error, ...told }: Told, n: number, startedAt: number): Made {
  const [path = "", query = ""] = target.split("?");
  return {
    spanId: (n + 1).toString(16).padStart(16, "0"),
    startedAt,
    attributes: {
      "http.request.method": "POST",
      "http.response.status_code": told.status ?? 200,
      "url.path": path,
      "url.query": query,
      "server.address": told.host ?? "otel.example.com",
      "client.address": told.ip ?? "203.0.113.7",
      ...attributesOf("request", told.request),
      ...attributesOf("response", told.response),
    },
    ...(error && { exception: error }),
  };
}

function attributesOf(side: string, message: SaidMessage | null | undefined): Attributes {
  const { headers = [], text, bytes, truncated } = message ?? {};
  const content = bytes ?? text;
  return {
    ...Object.fromEntries(
      headers.map(([name, value]) => [`http.${side}.header.${name.toLowerCase()}`, [value]]),
    ),
    ...(content !== undefined && { [`http.${side}.body.content`]: content }),
    ...(truncated === true && { [`http.${side}.body.size`]: wholeSizeOf(message) }),
  };
}

/** An entry of an HTTP archive. */
export function entryOf({ target = "/orders/7", ...told }: Told, startedAt: number): object {
  const { request, response } = told;
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: 5,
    request: {
      method: "POST",
      url: `https://har.example.com${target}`,
      headers: headersOf(request),
      bodySize: wholeSizeOf(request),
      ...(contentOf(request) && { postData: contentOf(request) }),
    },
    response: {
      status: told.status ?? 200,
      headers: headersOf(response),
      content: { size: wholeSizeOf(response), ...contentOf(response) },
    },
  };
}

function headersOf(message: SaidMessage | null | undefined): readonly object[] {
  return (message?.headers ?? []).map(([name, value]) => ({ name, value }));
}

function contentOf(message: SaidMessage | null | undefined): object | undefined {
  const { text, bytes } = message ?? {};
  if (bytes !== undefined) return { text: Buffer.from(bytes).toString("base64"), encoding: "base64" };
  return text === undefined ? undefined : { text };
}

/** Before it was cut off: that is all that is told of it. */
function wholeSizeOf(message: SaidMessage | null | undefined): number {
  const { text = "", bytes, truncated } = message ?? {};
  return (bytes?.length ?? Buffer.byteLength(text)) + (truncated === true ? 1 : 0);
}
