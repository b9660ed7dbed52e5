import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";

export type Arrived = { readonly headers: IncomingHttpHeaders; readonly body: Buffer };

/** The team's own service: what webhooks are delivered to. It can be broken and mended, path by path. */
export type Target = {
  urlOf(path: string): string;
  /** From now on the path answers 500 and says why. */
  breakDown(path: string): void;
  mend(path: string): void;
  /** What arrived at the path, oldest first, whatever was answered. */
  at(path: string): readonly Arrived[];
  close(): Promise<void>;
};

export const itsTrouble = 'column "amount_minor" does not exist';

/** Listens on any free port of this machine. */
export async function startTarget(): Promise<Target> {
  const arrived = new Map<string, Arrived[]>();
  const broken = new Set<string>();
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    buffer(request).then(
      (body) => {
        arrived.set(path, [...(arrived.get(path) ?? []), { headers: request.headers, body }]);
        const [status, answer] = broken.has(path) ? [500, { error: itsTrouble }] : [200, { ok: true }];
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The target has no port.");
  return {
    urlOf: (path) => `http://127.0.0.1:${address.port}${path}`,
    breakDown: (path) => void broken.add(path),
    mend: (path) => void broken.delete(path),
    at: (path) => arrived.get(path) ?? [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
