import type { Clock } from "../../kernel/clock.ts";
import { defaultLimits, type Limits, type RawAnswer, type RawRequest } from "./inbound.ts";
import { listen } from "./node-http.ts";

/** What a browser brings back of an authorization server (RFC 8252, 7.3). */
export type LoopbackAnswer = {
  /** The code, or why there is none. */
  readonly code: string | null;
  readonly error: string | null;
  /** Which authorization server says so (RFC 9207). */
  readonly issuer: string | null;
};

export type LoopbackListener = {
  /** Where the browser is to be sent: this computer, at a port that was free. */
  readonly redirectUri: string;
  /** The first answer with the right state; undefined when none came in time. */
  readonly answer: Promise<LoopbackAnswer | undefined>;
  close(): Promise<void>;
};

export type Awaited = {
  /** Whoever does not know it is refused, and waited on. At least 128 bits nobody can guess. */
  readonly state: string;
  readonly waitMs: number;
  readonly clock: Clock;
};

const path = "/callback";
/** For the page to reach the browser. */
const closingGraceMs = 1_000;

/** Of one browser on this computer, which sends one line and no body. */
const limits: Limits = {
  ...defaultLimits,
  headerBytesMax: 16 * 1024,
  connectionsMax: 16,
  bodyBytesInFlightMax: 1024,
  bodyTimeoutMs: 10_000,
  idleTimeoutMs: 5_000,
};

/** Listens on 127.0.0.1 for one answer, which a `GET` with the state brings; everything else is refused. */
export async function loopbackAnswer({ state, waitMs, clock }: Awaited): Promise<LoopbackListener> {
  const { promise: answer, resolve } = Promise.withResolvers<LoopbackAnswer | undefined>();

  function handle({ method, target }: RawRequest): Promise<RawAnswer> {
    const url = URL.parse(target, "http://127.0.0.1");
    if (url?.pathname !== path) return Promise.resolve(page(404, "There is nothing here."));
    if (method !== "GET") return Promise.resolve(page(405, "There is nothing here."));
    const query = url.searchParams;
    const [code, error] = [query.get("code"), query.get("error")];
    if (query.get("state") !== state || (code === null) === (error === null))
      return Promise.resolve(
        page(400, "This is no answer to what the command line asked. Start again there."),
      );
    resolve({ code, error, issuer: query.get("iss") });
    return Promise.resolve(page(200, "You can close this window, and go back to the command line."));
  }

  const inbound = await listen({
    host: "127.0.0.1",
    port: 0,
    routes: [{ prefix: "/", handle }],
    app: null,
    limits,
    clock,
    log: () => undefined,
  });
  const timer = setTimeout(() => resolve(undefined), waitMs);
  return {
    redirectUri: inbound.url + path,
    answer,
    async close() {
      clearTimeout(timer);
      resolve(undefined);
      await inbound.close(closingGraceMs);
    },
  };
}

function page(status: number, text: string): RawAnswer {
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      connection: "close",
    },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sluice</title><p>${text}</p></html>\n`,
  };
}
