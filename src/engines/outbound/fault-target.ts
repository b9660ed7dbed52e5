import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TestContext } from "node:test";

/** A server that answers in a scripted way, byte by byte, for conformance tests. */
export type FaultTarget = {
  readonly port: number;
  readonly url: string;
  /** Every request as it came, head and body. */
  readonly requests: string[];
  /** Connections accepted so far. */
  readonly connections: () => number;
};

/** What to do once a whole request has come; `count` is 1 for the first request of the target. */
export type Script = (socket: Socket, request: string, count: number) => void;

/**
 * Listens on 127.0.0.1 until the test ends. The test then waits until every connection is closed, so a client that
 * leaks one makes the test hang; clients opened after the target are closed before it.
 */
export async function faultTarget(
  t: TestContext,
  script: Script,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FaultTarget> {
  const requests: string[] = [];
  let connections = 0;

  function accept(socket: Socket): void {
    connections += 1;
    let pending = "";
    socket.setDefaultEncoding("latin1");
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      pending += chunk.toString("latin1");
      for (let end = requestEnd(pending); end > 0; end = requestEnd(pending)) {
        const request = pending.slice(0, end);
        pending = pending.slice(end);
        script(socket, request, requests.push(request));
      }
    });
  }

  const server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  afterwards(t, () => new Promise<void>((closed) => server.close(() => closed())));
  const port = portOf(server);
  const scheme = tls === undefined ? "http" : "https";
  return { port, url: `${scheme}://127.0.0.1:${port}/hook`, requests, connections: () => connections };
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the server does not listen on a port");
  return address.port;
}

const undoings = new WeakMap<TestContext, (() => Promise<void>)[]>();

/** Undoes what a test set up once it ended, the last first. */
export function afterwards(t: TestContext, undo: () => Promise<void>): void {
  const list = undoings.get(t) ?? [];
  if (list.push(undo) > 1) return;
  undoings.set(t, list);
  t.after(async () => {
    for (const each of list.toReversed()) await each();
  });
}

/** Length of the first whole request in the text, or 0. */
function requestEnd(text: string): number {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= head + 4 + length ? head + 4 + length : 0;
}
