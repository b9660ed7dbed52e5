import type { Duplex } from "node:stream";
import type { Crossing } from "../../engines/inbound/gateway.ts";
import { Unreached } from "../../engines/outbound/upstream.ts";
import { forwarded } from "./forwarded.ts";
import type { Observed } from "./observed.ts";
import { asked, type Means } from "./passing.ts";

const headBytesMax = 64 * 1024;

/**
 * Hands on a request to go on as a WebSocket, then every byte in both directions. What is recorded is the request and how
 * it was answered; what is said afterwards is not looked at.
 */
export async function cross(crossing: Crossing, { upstream, rules, observe }: Means): Promise<void> {
  const begun = performance.now();
  const { socket, first, gone, headers } = crossing;
  const tell = (
    end: Pick<Observed, "status" | "outcome" | "error"> & {
      readonly headers?: Observed["request"]["headers"];
    },
  ): void =>
    observe({
      ...asked(crossing),
      durationMs: performance.now() - begun,
      status: end.status,
      outcome: end.outcome,
      error: end.error,
      request: { headers, bytes: nothing, size: 0 },
      response: end.status === null ? null : { headers: end.headers ?? [], bytes: nothing, size: 0 },
    });
  const block = rules().blockOf(crossing);
  if (block !== undefined) {
    socket.end(textAnswer(block.status, `${block.message}\n`));
    tell({ status: block.status, outcome: "blocked", error: null });
    return;
  }
  try {
    const other = await upstream.connect(gone);
    const head = requestHead(crossing);
    other.on("error", () => other.destroy());
    socket.once("close", () => other.destroy());
    other.once("close", () => socket.end());
    other.write(head, "latin1");
    const answer = await answerHead(other);
    socket.write(answer.bytes);
    other.pipe(socket);
    // Only what became another protocol is open to the client: a request behind one that was refused would be unseen.
    if (answer.status === 101) {
      other.write(first);
      socket.pipe(other);
    } else socket.resume();
    tell({ status: answer.status, headers: answer.headers, outcome: "answered", error: null });
  } catch (error) {
    const { reason: type, message } = error instanceof Unreached ? error : new Unreached(error);
    const isGone = gone.aborted;
    if (!isGone) socket.end(textAnswer(502, `Nothing answered at ${upstream.origin}.\n`));
    tell({ status: null, outcome: isGone ? "aborted" : "failed", error: isGone ? null : { type, message } });
  }
}

const nothing = Buffer.alloc(0);

/** As it came, since what is special to the connection is the point of it. */
function requestHead({ method, target, headers, remoteAddress }: Crossing): string {
  const lines = forwarded(headers, remoteAddress).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${target} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n`;
}

type AnswerHead = {
  /** Everything that came so far, the head among it. */
  readonly bytes: Buffer;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
};

/** Reads until the head of an answer is whole. @throws Error when there is none */
async function answerHead(socket: Duplex): Promise<AnswerHead> {
  let bytes = nothing;
  for (;;) {
    const chunk = await nextChunk(socket);
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf("\r\n\r\n");
    if (end === -1 && bytes.length > headBytesMax) throw new Error("the head of the answer is too long");
    if (end === -1) continue;
    const [line = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1] ?? Number.NaN);
    if (!(status >= 100)) throw new Error("the answer is no HTTP");
    const headers = lines.map((it): readonly [string, string] => {
      const colon = it.indexOf(":");
      return [it.slice(0, Math.max(colon, 0)), it.slice(colon + 1).trim()];
    });
    return { bytes, status, headers };
  }
}

async function nextChunk(socket: Duplex): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onData = (chunk: Buffer): void => {
    socket.pause();
    resolve(chunk);
  };
  const onClose = (): void => reject(new Error("the connection was closed without an answer"));
  socket.once("data", onData);
  socket.once("close", onClose);
  socket.resume();
  try {
    return await promise;
  } finally {
    socket.off("data", onData);
    socket.off("close", onClose);
  }
}

function textAnswer(status: number, text: string): string {
  return [
    `HTTP/1.1 ${status} ${status === 502 ? "Bad Gateway" : "Blocked"}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
    "",
    text,
  ].join("\r\n");
}
