import type { ServerResponse } from "node:http";
import type { AnswerStream, Limits } from "./inbound.ts";

/** What a stream that ended may still take to reach its reader. */
const endMs = 1_000;

/** Of an answer that could not begin. */
export const overStream: AnswerStream = { write: () => false, end: () => {}, over: AbortSignal.abort() };

/** The body of an answer whose headers are sent, as its route writes it. */
export function openStream(
  response: ServerResponse,
  heartbeat: string,
  { streamHeartbeatMs, streamBytesWaitingMax }: Limits,
): AnswerStream {
  const gone = new AbortController();
  let isQuiet = true;

  function write(text: string): boolean {
    if (gone.signal.aborted) return false;
    if (response.writableLength > streamBytesWaitingMax) {
      response.destroy();
      gone.abort();
      return false;
    }
    isQuiet = false;
    response.write(text);
    return true;
  }

  const beat = setInterval(() => {
    if (isQuiet) write(heartbeat);
    isQuiet = true;
  }, streamHeartbeatMs).unref();
  response.once("close", () => {
    clearInterval(beat);
    gone.abort();
  });

  return {
    write,
    end() {
      if (gone.signal.aborted) return;
      response.end();
      const late = setTimeout(() => response.destroy(), endMs);
      response.once("close", () => clearTimeout(late));
      gone.abort();
    },
    over: gone.signal,
  };
}
