import { z } from "zod";
import type { Exchange, Headers } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import { partsOf } from "../../../kernel/target.ts";
import type { Context } from "../../../registry/context.ts";
import { act } from "../../../registry/operation.ts";
import { redactedText } from "../../../registry/redaction.ts";
import { minimised, type Json, type Reducible } from "../analysis/minimise.ts";
import { signatureOf, type Answered } from "../analysis/signature.ts";
import { requestOf } from "./get-request-detail.ts";

const sendsMax = 300;
const sendTimeoutMs = 10_000;
const totalMs = 120_000;
const readMax = 64 * 1024;
const bodyBytesMax = 256 * 1024;
/** What a client sets itself, or what belongs to the connection that is gone. */
const ofTransport: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "keep-alive",
  "expect",
  "upgrade",
  "te",
  "trailer",
  "accept-encoding",
]);

type Planned = {
  readonly exchange: Exchange;
  readonly target: URL;
  readonly request: Reducible;
  readonly sends: number;
};

export const minimiseRequest = act({
  name: "minimise_request",
  title: "Minimise a request",
  does: "Sends a captured request to a test server again and again with less of it, and answers the smallest that is still answered alike. The operator names the servers (SLUICE_REPLAY_TARGETS).",
  verb: "POST",
  path: "/requests/:requestId/minimised",
  scope: "traffic:replay",
  destructive: false,
  input: z.object({
    requestId: z.string().min(1).max(100).describe("Its id or `#42`."),
    target: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .describe("Base address of the test server, such as http://localhost:3000."),
    sendsMax: z.int().min(1).max(sendsMax).default(100).describe("How often it is sent at most."),
  }),
  output: z.object({
    state: z.enum(["planned", "minimised", "not reproduced", "sends used up"]),
    sends: z.int(),
    status: z.int().nullable().describe("What the whole request was answered when it was sent again."),
    bytes: z.object({ before: z.int(), after: z.int() }),
    untrusted: z.object({
      method: z.string(),
      path: z.string(),
      headers: z.array(z.object({ name: z.string(), value: z.string() })),
      body: z.string().nullable(),
    }),
    next: z.string(),
  }),
  async plan({ requestId, target, sendsMax: sends }, context): Promise<Planned> {
    const exchange = await requestOf(context, requestId, ({ plane }) => plane === "traffic");
    const url = allowedTarget(target, exchange, context);
    return { exchange, target: url, request: reducible(exchange), sends };
  },
  preview({ exchange, request }) {
    return {
      ...answer(exchange, request, request),
      state: "planned" as const,
      sends: 0,
      status: null,
      next: "Call again without dryRun to send it.",
    };
  },
  async perform({ exchange, target, request, sends }, context) {
    const sender = senderOf(exchange, target, { sends, until: context.clock.now() + totalMs }, context);
    const first = await sender.ask(request);
    const wanted = first && signatureOf(first);
    const status = first?.status ?? null;
    const comes = exchange.status === null || exchange.status === status;
    if (wanted === null || !comes)
      return {
        ...answer(exchange, request, request),
        state: "not reproduced" as const,
        sends: sender.sends(),
        status,
        next: `The test server does not answer as it was answered then (${exchange.status ?? "not at all"}): bring it to the same state, or take another request.`,
      };
    const least = await minimised(request, async (candidate) => {
      const answered = await sender.ask(candidate);
      return answered === null ? null : signatureOf(answered) === wanted;
    });
    const used = sender.isUsedUp();
    return {
      ...answer(exchange, request, least),
      state: used ? ("sends used up" as const) : ("minimised" as const),
      sends: sender.sends(),
      status,
      next: used
        ? "It may be made smaller yet: ask again with a larger sendsMax."
        : "Leaving out any one part more would be answered otherwise.",
    };
  },
});

/** @throws Failure forbidden unless the operator allowed it; invalid for what the guard refuses */
function allowedTarget(target: string, { host, method }: Exchange, { settings, outbound }: Context): URL {
  const url = new URL(target);
  const allowed = settings.replayTargets;
  if (!allowed.includes(url.origin))
    throw new Failure("forbidden", "Requests may not be replayed to this server.", {
      pointer: "/target",
      allowed,
      hint: `The operator names test servers in SLUICE_REPLAY_TARGETS, such as ${url.origin}.`,
    });
  const isSafe = ["GET", "HEAD", "OPTIONS"].includes(method);
  if (url.host === host && !isSafe)
    throw new Failure("forbidden", `${method} is not sent again to the server that it was captured at.`, {
      pointer: "/target",
      hint: "Name a test server: what it changes there is changed again and again.",
    });
  const refusal = outbound.check(target);
  if (refusal === undefined) return url;
  throw new Failure("invalid", `The target is not allowed: ${refusal.message}`, {
    pointer: "/target",
    hint: refusal.hint,
  });
}

/** @throws Failure conflict for a request of which not everything is there */
function reducible({ request, path, kind }: Exchange): Reducible {
  if (kind !== "request")
    throw new Failure("conflict", "Only captured requests are sent again.", { pointer: "/requestId" });
  const { body, headers } = request;
  if (body !== null && (body.truncated || body.bytes.length > bodyBytesMax))
    throw new Failure("conflict", "Its body was not kept as a whole.", {
      pointer: "/requestId",
      hint: "Take a request with a smaller body.",
    });
  return {
    headers: headers.filter(([name]) => !ofTransport.has(name.toLowerCase()) && !name.startsWith(":")),
    query: [...new URLSearchParams(partsOf(path).query)],
    body: body === null || body.bytes.length === 0 ? null : bodyOf(new TextDecoder().decode(body.bytes)),
  };
}

function bodyOf(text: string): Reducible["body"] {
  try {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.parse makes is JSON
    return { json: JSON.parse(text) as Json };
  } catch {
    return { text };
  }
}

function senderOf(
  { method, path }: Exchange,
  target: URL,
  limits: { readonly sends: number; readonly until: number },
  { outbound, clock, signal, progress }: Context,
) {
  let sends = 0;
  const isUsedUp = (): boolean => sends >= limits.sends || clock.now() >= limits.until || signal.aborted;
  return {
    sends: () => sends,
    isUsedUp,
    /** null = no more may be asked. */
    async ask(request: Reducible): Promise<Answered | null> {
      if (isUsedUp()) return null;
      sends++;
      progress(sends, limits.sends, `sent ${sends} times`);
      const body = textOf(request.body);
      const outcome = await outbound.send({
        method,
        url: urlOf(target, path, request.query),
        headers: [...request.headers, ["idempotency-key", newId("min")], ["sluice-replay", "minimise"]],
        body: body === null ? null : Buffer.from(body),
        timeoutMs: sendTimeoutMs,
        readMax,
        signal,
      });
      if (outcome.kind === "answered")
        return { status: outcome.status, headers: outcome.headers, body: outcome.body };
      return { status: null, headers: [], body: new Uint8Array(0) };
    },
  };
}

function urlOf(target: URL, path: string, query: Headers): string {
  const url = new URL(target);
  url.pathname = `${target.pathname.replace(/\/$/, "")}${path.split("?", 1)[0] ?? ""}`;
  url.search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
  return url.toString();
}

function textOf(body: Reducible["body"]): string | null {
  if (body === null) return null;
  return "json" in body ? JSON.stringify(body.json) : body.text;
}

function answer(exchange: Exchange, before: Reducible, after: Reducible) {
  const body = textOf(after.body);
  return {
    bytes: { before: bytesOf(exchange, before), after: bytesOf(exchange, after) },
    untrusted: {
      method: exchange.method,
      path: redactedText(pathOf(exchange, after)).text,
      headers: after.headers.map(([name, value]) => ({ name, value: redactedText(value).text })),
      body: body === null ? null : redactedText(body).text,
    },
  };
}

function pathOf({ path }: Exchange, { query }: Reducible): string {
  const text = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
  return `${path.split("?", 1)[0] ?? ""}${text === "" ? "" : `?${text}`}`;
}

function bytesOf(exchange: Exchange, request: Reducible): number {
  const headers = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.byteLength(
    `${exchange.method} ${pathOf(exchange, request)}\r\n${headers}\r\n${textOf(request.body) ?? ""}`,
  );
}
