import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { proxyCommand } from "../../src/commands/proxy/proxy.ts";
import { cliClient } from "../../src/engines/outbound/client.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { eventually } from "../journeys/eventually.ts";
import { exampleKey } from "../journeys/server-process.ts";

/** An application of node:http on a free port. */
export async function application(
  t: TestContext,
  handle: RequestListener,
): Promise<{ server: Server; url: string }> {
  const server = createServer(handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export type Proxy = {
  readonly url: string;
  readonly port: number;
  /** What it said on standard error. */
  readonly said: readonly string[];
  /** Ends it in good order; answers what it printed last. */
  end(): Promise<string>;
};

/** The command in this process, as `main` would run it. */
export async function startProxy(
  t: TestContext,
  {
    to,
    server,
    args = [],
    key = exampleKey,
  }: { to: string; server: string; args?: readonly string[]; key?: string },
): Promise<Proxy> {
  const client = cliClient(server, key);
  const printed: string[] = [];
  const said: string[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const running = proxyCommand.run(["--to", to, "--port", "0", ...args], {
    url: server,
    call: client.call,
    version: "0.0.0",
    clock: wallClock,
    print: (line) => void printed.push(line),
    say: (line) => void said.push(line),
    ended,
  });
  const failed: Error[] = [];
  running.catch((error: unknown) => void failed.push(error as Error));
  t.after(async () => {
    end();
    await running.catch(() => undefined);
    await client.close();
  });
  const url = await eventually("a proxy that listens", async () => {
    if (failed[0] !== undefined) throw failed[0];
    return /Passing on (\S+) to/.exec(printed.join())?.[1];
  });
  return {
    url,
    port: Number(new URL(url).port),
    said,
    async end() {
      end();
      assert.equal(await running, 0);
      return printed.at(-1) ?? "";
    },
  };
}

export async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
