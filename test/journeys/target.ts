import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";

/** A delivery as it arrived, body whole. */
export type Delivered = {
  readonly path: string;
  /** The event's id, the same in all attempts. */
  readonly event: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
};

/** How a target answers; 200 at once is what a good one does. */
export type Behaviour = (response: ServerResponse, delivered: Delivered) => unknown;

/** What webhooks are delivered to: a real server that records what comes and behaves as told. */
export type Target = {
  readonly url: string;
  readonly seen: readonly Delivered[];
  readonly connections: () => number;
  /** How often each event was seen. */
  times(event: string): number;
  /** From now on it answers so. */
  behave(behaviour: Behaviour): void;
};

export const accepting: Behaviour = (response) => response.writeHead(200).end("thanks");

/** Listens on 127.0.0.1 until the test ends; `make` may make another server than a plain one. */
export async function startTarget(t: TestContext, make: () => Server = createServer): Promise<Target> {
  const seen: Delivered[] = [];
  const times = new Map<string, number>();
  let behaviour = accepting;
  let connections = 0;
  const server = make();
  server.on("connection", () => connections++);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    buffer(request).then(
      (body) => {
        const { headers, url = "" } = request;
        const event = String(headers["sluice-id"]);
        const delivered = { path: url, event, headers, body: body.toString() };
        seen.push(delivered);
        times.set(event, (times.get(event) ?? 0) + 1);
        behaviour(response, delivered);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    seen,
    connections: () => connections,
    times: (event) => times.get(event) ?? 0,
    behave(next) {
      behaviour = next;
    },
  };
}
