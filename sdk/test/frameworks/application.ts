import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import type { Receiver } from "../receiver.ts";

/** A server that answers the routes below, written as its framework would have it. */
export type Application = {
  readonly url: string;
  close(): Promise<void>;
};

export type Framework = {
  readonly name: string;
  /** Why it cannot run here, or null. */
  readonly missing: string | null;
  /** What it calls the route of `/users/7`; null where the framework tells nobody. */
  readonly userRoute: string | null;
  /** Whether it tells what a handler threw. */
  readonly tellsErrors: boolean;
  /** @param upstream what `/calls` calls @param sluice where a process of its own sends what it records */
  start(upstream: string, sluice?: Receiver): Promise<Application>;
};

export const user = { id: "7", name: "Zoë Ångström" };
export const events = ["data: one\n\n", "data: zwei ✓\n\n", "data: three\n\n"];
/** Larger than one chunk, so that it is compressed in several. */
export const compressedText = "All that is gold does not glitter. ".repeat(600);
export const thrown = "the handler gave up";

/** `start` and `close` of a server of Node. */
export async function listening(server: Server): Promise<Application> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
