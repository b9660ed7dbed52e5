import type { AnswerStream, StreamedAnswer } from "../../../engines/inbound/inbound.ts";

const comeBackMs = 1_000;
const heartbeat = ": keepalive\n\n";

/** Proxies that collect an answer before they pass it on would keep events from arriving. */
const headers = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

export function eventStream(open: (stream: AnswerStream) => void): StreamedAnswer {
  return { status: 200, headers, heartbeat, open };
}

/** One server-sent event. `data` is JSON or an address, and so has no line breaks. */
export function eventOf(data: string, id?: string): string {
  const field = id === undefined ? "" : `id: ${id}\n`;
  return `${field}event: message\ndata: ${data}\n\n`;
}

/** Without data: a client that loses the stream can name it, and waits this long before it comes back. */
export function firstEvent(id: string): string {
  return `id: ${id}\nretry: ${comeBackMs}\ndata: \n\n`;
}

export function notificationOf(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}
