import type { TestContext } from "node:test";
import { defaultLimits } from "./inbound.ts";
import type { AnswerBody, Inbound, Limits, RawAnswer, RawRequest, RawRoute, WebApp } from "./inbound.ts";

/** What the engine under test listens with, on 127.0.0.1 and a free port unless said otherwise. */
export type World = {
  readonly host: string;
  readonly port: number;
  readonly routes: readonly RawRoute[];
  readonly app: WebApp | null;
  readonly limits: Limits;
  readonly log: (line: string) => void;
};

export type OpenInbound = (world: World) => Promise<Inbound>;

/** Listens for one test and closes after it. */
export async function listening(
  t: TestContext,
  open: OpenInbound,
  world: Partial<Omit<World, "limits">> & { readonly limits?: Partial<Limits> },
): Promise<Inbound> {
  const limits = { ...defaultLimits, ...world.limits };
  const defaults = { host: "127.0.0.1", port: 0, routes: [], app: null, log: () => undefined };
  const inbound = await open({ ...defaults, ...world, limits });
  t.after(() => inbound.close(0));
  return inbound;
}

export function route(prefix: string, handle: (request: RawRequest) => Promise<RawAnswer>): RawRoute {
  return { prefix, handle };
}

export function answer(status: number, body: AnswerBody = ""): RawAnswer {
  return { status, headers: { "content-type": "text/plain" }, body };
}

const statuses = { too_large: 413, slow: 408, busy: 503, broken: 400 } as const;

/** Answers 200 with the body's size and text, or the status of the body's problem. */
export function reading(max: number): RawRoute {
  return route("/in/", async (request) => {
    const body = await request.body(max);
    if (body.kind !== "whole") return answer(statuses[body.kind], body.kind);
    return answer(200, `${body.bytes.length} ${body.bytes.subarray(0, 20).toString("latin1")}`);
  });
}

/** The bytes of a POST with a length. */
export function posting(body: string, path = "/in/a"): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
