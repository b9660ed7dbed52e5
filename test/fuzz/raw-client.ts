import { connect } from "node:net";

/** A server that holds on to a connection is not waited for longer. */
const quietMsMax = 2_000;
const answerBytesMax = 1024 * 1024;

/**
 * Sends bytes as they are, one piece after the other, on a connection of its own; answers what came back until the
 * server closed it. `then` "waits" for that, "ends" its own side first, or "resets" without looking at an answer.
 */
export function sendRaw(
  url: string,
  pieces: readonly Uint8Array[],
  then: "waits" | "ends" | "resets",
): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const taken: Buffer[] = [];
    let bytes = 0;
    socket.setTimeout(quietMsMax, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= answerBytesMax) taken.push(chunk);
    });
    // The server may refuse what it does not want to read: then writing fails, and the answer is what counts.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") reject(error);
    });
    socket.on("close", () => resolve(Buffer.concat(taken)));
    socket.on("connect", () => {
      for (const piece of pieces) socket.write(piece);
      if (then === "ends") socket.end();
      if (then === "resets") socket.resetAndDestroy();
    });
  });
}

export type RawAnswer = {
  readonly status: number;
  /** By lowercase name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** The first answer in what came back; undefined when there is none. */
export function firstAnswer(bytes: Buffer): RawAnswer | undefined {
  const text = bytes.toString("latin1");
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1];
  if (status === undefined) return undefined;
  const headers = Object.fromEntries(
    fields.map((field) => [
      field.slice(0, field.indexOf(":")).toLowerCase(),
      field.slice(field.indexOf(":") + 2),
    ]),
  );
  return { status: Number(status), headers, body: rest.join("\r\n\r\n") };
}
