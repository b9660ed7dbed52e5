import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What is written to the socket for a POST; made beforehand, so that making it is not measured. */
export function postOf(
  { host }: URL,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Buffer {
  const fields = Object.entries({ host, ...headers, "content-length": String(Buffer.byteLength(body)) });
  const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n${body}`);
}

/** Keeps its connections and reads of answers what it must: it takes the same cores as the server that is measured. */
export type LightClient = {
  /** Sends all of them, one after another on each connection; answers how long each took, in ms. @throws Error for all but 200 */
  send(requests: readonly Buffer[]): Promise<readonly number[]>;
  close(): void;
};

export async function lightClient({ hostname, port }: URL, connections: number): Promise<LightClient> {
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname).setNoDelay(true);
      await once(socket, "connect");
      return socket;
    }),
  );
  return {
    async send(requests) {
      const took: number[] = [];
      let next = 0;
      const sender = async (socket: Socket): Promise<void> => {
        for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
          const from = performance.now();
          socket.write(request);
          await answered(socket);
          took.push(performance.now() - from);
        }
      };
      await Promise.all(sockets.map(sender));
      return took;
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Resolves once an answer with a `content-length` has come whole. */
function answered(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const read = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end === -1 || text.length < end + 4 + lengthIn(text)) return;
      socket.off("data", read);
      if (text.startsWith("HTTP/1.1 200 ")) resolve();
      else reject(new Error(`answered ${text}`));
    };
    socket.on("data", read);
  });
}

/** Of the body, by the head of the message. */
export function lengthIn(head: string): number {
  return Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
}
