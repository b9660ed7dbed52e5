import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import type { GatewayHead, Passage } from "../../engines/inbound/gateway.ts";
import { Unreached, type Upstream, type UpstreamAnswer } from "../../engines/outbound/upstream.ts";
import type { Headers } from "../../kernel/exchange.ts";
import { endToEnd, forwarded, valueOf } from "./forwarded.ts";
import { KeptBody } from "./kept-body.ts";
import type { Observed } from "./observed.ts";
import type { ProxyRules } from "./proxy-rules.ts";

export type Means = {
  readonly upstream: Upstream;
  /** Those in force at this moment. */
  readonly rules: () => ProxyRules;
  /** Told once of each exchange, when it is over. */
  readonly observe: (observed: Observed) => void;
};

/** Hands one request on and its answer back, as they come, unless a rule blocks it; then tells what passed. */
export async function pass(passage: Passage, { upstream, rules, observe }: Means): Promise<void> {
  const begun = performance.now();
  const { bodyBytesMax, blockOf } = rules();
  const kept = { request: new KeptBody(bodyBytesMax), response: new KeptBody(bodyBytesMax) };
  const tell = (end: End): void =>
    observe({
      ...asked(passage),
      durationMs: performance.now() - begun,
      status: end.status,
      outcome: end.outcome,
      error: end.error,
      request: { headers: passage.headers, bytes: kept.request.bytes, size: kept.request.size },
      response:
        end.status === null
          ? null
          : { headers: end.headers, bytes: kept.response.bytes, size: kept.response.size },
    });

  const block = blockOf(passage);
  if (block !== undefined) {
    const headers = answerText(passage, block.status, `${block.message}\n`);
    tell({ status: block.status, headers, outcome: "blocked", error: null });
    return;
  }
  try {
    const body = passage.body === null ? null : teed(passage.body, kept.request);
    const answer = await upstream.send({
      method: passage.method,
      target: passage.target,
      headers: forwarded(endToEnd(passage.headers), passage.remoteAddress),
      body,
      signal: passage.gone,
    });
    tell(await handBack(answer, passage, kept.response));
  } catch (error) {
    if (!(error instanceof Unreached)) throw error;
    const isGone = passage.gone.aborted;
    if (!isGone) answerText(passage, 502, `Nothing answered at ${upstream.origin}.\n`);
    const failed = { type: error.reason, message: error.message };
    tell({
      status: null,
      headers: [],
      outcome: isGone ? "aborted" : "failed",
      error: isGone ? null : failed,
    });
  }
}

type End = Pick<Observed, "status" | "outcome" | "error"> & { readonly headers: Headers };

/** What is known of a request before it is answered. */
export function asked(head: GatewayHead): Pick<Observed, "startedAt" | "method" | "host" | "target" | "ip"> {
  return {
    startedAt: head.receivedAt,
    method: head.method.toUpperCase(),
    host: valueOf(head.headers, "host") ?? "",
    target: head.target,
    ip: head.remoteAddress,
  };
}

async function handBack(
  { status, headers, body }: UpstreamAnswer,
  passage: Passage,
  kept: KeptBody,
): Promise<End> {
  const shown = endToEnd(headers);
  // Whatever ends first takes the rest down with it.
  const first = { isBroken: false };
  body.once("error", () => (first.isBroken = !passage.gone.aborted));
  try {
    await pipeline(body, kept.tee(), passage.answer({ status, headers: shown }));
    return { status, headers, outcome: "answered", error: null };
  } catch (error) {
    passage.cut();
    const { reason: type, message } = new Unreached(error);
    return first.isBroken
      ? { status, headers, outcome: "failed", error: { type, message } }
      : { status, headers, outcome: "aborted", error: null };
  }
}

/** A body that breaks off breaks what it is sent in: that is told there. */
function teed(body: Readable, kept: KeptBody): Readable {
  const tee = kept.tee();
  pipeline(body, tee).catch((error: unknown) =>
    tee.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return tee;
}

/** Answers in place of the application; answers the headers that were sent. */
function answerText(passage: Passage, status: number, text: string): Headers {
  const headers: Headers = [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(Buffer.byteLength(text))],
  ];
  passage.answer({ status, headers }).end(text);
  return headers;
}
