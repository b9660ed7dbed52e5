import { wallClock } from "../../kernel/clock.ts";
import { defaultLimits } from "./inbound.ts";
import type { RawRoute } from "./inbound.ts";
import { listen } from "./node-http.ts";

const bodyBytesMax = 32 * 1024 * 1024;
const pathCharactersMax = 200;

/** Tells what it got, never the content of it. */
const echo: RawRoute = {
  prefix: "/",
  async handle(request) {
    const body = await request.body(bodyBytesMax);
    const got = {
      received: body.kind === "whole",
      method: request.method,
      path: request.target.slice(0, pathCharactersMax),
      headers: request.headers.length,
      bodyBytes: body.kind === "whole" ? body.bytes.length : null,
    };
    const status = body.kind === "whole" ? 200 : 413;
    return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(got) };
  },
};

/**
 * The built-in target on a free port, so that a first delivery succeeds without a network: answers 200 with
 * method, path, number of headers and size of the body.
 */
export async function listenEcho(
  host: string,
): Promise<{ readonly url: string; readonly port: number; close(): Promise<void> }> {
  const { url, port, close } = await listen({
    host,
    port: 0,
    routes: [echo],
    app: null,
    limits: defaultLimits,
    clock: wallClock,
    log: () => undefined,
  });
  return { url, port, close: () => close(0) };
}
