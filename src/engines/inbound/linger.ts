import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { RawAnswer } from "./inbound.ts";
import { byteLengthOf, endWith } from "./answer-body.ts";
import { STATUS_CODES } from "node:http";

/** How much of an unwanted body is discarded so that its sender gets to read the answer: many read only once all is sent. */
const lingerBytesMax = 16 * 1024 * 1024;
const lingerMs = 2_000;

/**
 * Ends an answer, already written whole, whose request is still being sent. Closing at once would make the kernel
 * reset the connection and could throw the answer away before the sender reads it (RFC 9112, 9.6).
 */
export function linger(incoming: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  response.once("close", () => clearTimeout(timer));
  incoming.once("end", end);
  incoming.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytesMax) end();
  });
  incoming.resume();
}

/** Answers on a connection whose request could not even be parsed, and closes it. */
export function farewell(socket: Socket, { status, headers, body }: RawAnswer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((value) => `${name}: ${value}`),
    ),
    `content-length: ${byteLengthOf(body)}`,
    "connection: close",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  endWith(socket, body);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
}
