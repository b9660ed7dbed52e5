import type { Writable } from "node:stream";
import type { AnswerBody } from "./inbound.ts";

export function byteLengthOf(body: AnswerBody): number {
  let bytes = 0;
  for (const piece of piecesOf(body)) bytes += Buffer.byteLength(piece);
  return bytes;
}

/** Leaves the stream open. */
export function writeBody(to: Writable, body: AnswerBody): void {
  to.cork();
  for (const piece of piecesOf(body)) to.write(piece);
  to.uncork();
}

export function endWith(to: Writable, body: AnswerBody): void {
  // The last piece ends the stream: Node sends all of it in one packet.
  const pieces = piecesOf(body);
  to.cork();
  for (const piece of pieces.slice(0, -1)) to.write(piece);
  to.end(pieces.at(-1));
}

function piecesOf(body: AnswerBody): readonly (string | Uint8Array)[] {
  return typeof body === "string" || body instanceof Uint8Array ? [body] : body;
}
