import type { Readable } from "node:stream";
import { createInterface } from "node:readline";
import { Agent } from "undici";
import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";

/** What the server answered; `json` is undefined when the body is empty or no JSON. */
export type ClientAnswer = {
  readonly status: number;
  /** By lowercase name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: unknown;
};

/** Told how a long call goes on, by servers that say so: how much is done, of how much, and what. */
export type Heard = (done: number, total: number, message: string) => void;

/** The command line's way to the server that the person named; unlike deliveries it is not guarded. */
export type Client = {
  /**
   * One call; `body` is sent as JSON, as a form when it is URLSearchParams, or as it is when it is bytes. Redirects are not
   * followed.
   * @throws Failure unavailable when nothing answers there or the answer is larger than 16 MiB
   */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ClientAnswer>;
  close(): Promise<void>;
};

const answerBytesMax = 16 * 1024 * 1024;
const timeoutMs = 60_000;
const progressType = "application/x-ndjson";

const Line = z.union([
  z.object({ progress: z.object({ done: z.number(), total: z.number(), message: z.string() }) }),
  z.object({ status: z.int(), body: z.unknown() }),
]);

/** @throws Failure invalid when `baseUrl` is no http(s) URL */
export function cliClient(baseUrl: string, token: string | null, heard?: Heard): Client {
  const base = URL.parse(baseUrl);
  if (base === null || !/^https?:$/.test(base.protocol))
    throw new Failure("invalid", `"${baseUrl}" is not the URL of a server.`, {
      hint: "Pass --url with an address such as http://127.0.0.1:8080.",
    });
  const prefix = base.pathname.replace(/\/$/, "");
  const agent = new Agent({
    allowH2: false,
    maxResponseSize: answerBytesMax,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

  return {
    async call(method, path, body, headers = {}) {
      try {
        const answer = await agent.request({
          origin: base.origin,
          path: prefix + path,
          method,
          headers: {
            accept: heard === undefined ? "application/json" : `application/json, ${progressType}`,
            ...(body === undefined ? {} : { "content-type": contentType(body) }),
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
            ...headers,
          },
          body: body === undefined ? null : sentBody(body),
        });
        const { statusCode: status, headers: told, body: content } = answer;
        if (heard === undefined || told["content-type"] !== progressType)
          return { status, headers: told, json: parsed(await content.text()) };
        return { headers: told, ...(await lastOf(content, heard)) };
      } catch (error) {
        throw unanswered(base.origin, error);
      }
    },
    close: () => agent.destroy(),
  };
}

/** Tells what comes before the answer. @throws Error when the answer does not come */
async function lastOf(content: Readable, heard: Heard): Promise<Pick<ClientAnswer, "status" | "json">> {
  for await (const text of createInterface({ input: content })) {
    const line = Line.parse(parsed(text));
    if ("status" in line) return { status: line.status, json: line.body };
    const { done, total, message } = line.progress;
    heard(done, total, message);
  }
  throw new Error("the answer broke off");
}

function contentType(body: unknown): string {
  return body instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "application/json";
}

function sentBody(body: unknown): string | Uint8Array {
  if (body instanceof Uint8Array) return body;
  return body instanceof URLSearchParams ? body.toString() : JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unanswered(origin: string, error: unknown): Failure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE")
    return new Failure("unavailable", `${origin} answered with more than 16 MiB.`, { hint: "Ask for less." });
  const why = code === "" || code === "ECONNREFUSED" ? "" : ` (${code})`;
  return new Failure("unavailable", `Nothing answers at ${origin}${why}.`, {
    hint: "Start it with `sluice serve`, or pass --url.",
  });
}
