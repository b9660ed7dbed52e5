import type { Exchange } from "../../../kernel/exchange.ts";
import { newId } from "../../../kernel/id.ts";
import { partsOf } from "../../../kernel/target.ts";
import type { Context } from "../../../registry/context.ts";
import type { Answered } from "../analysis/signature.ts";
import type { Reducible } from "../analysis/minimise.ts";
import { pathOf, textOf } from "./replayable.ts";

const sendTimeoutMs = 10_000;

/** What came of sending a request; `message` says why there was no answer, in words for anybody. */
export type Reply =
  | ({ readonly kind: "answered"; readonly isWhole: boolean } & Answered)
  /** It reached the server, which did not answer in time or at all. */
  | { readonly kind: "unanswered"; readonly message: string }
  | { readonly kind: "unreached"; readonly message: string }
  /** No more may be sent: as often, or as long, as is allowed, or nobody waits for it any more. */
  | { readonly kind: "used up" };

/** `until` is a moment in ms; `readMax` is in bytes of an answer. */
export type Limits = { readonly sends: number; readonly until: number; readonly readMax: number };

/** Sends captured requests to test servers, within limits, and tells how far it is. */
export class Sender {
  readonly #context: Context;
  readonly #limits: Limits;
  #sends = 0;

  constructor(context: Context, limits: Limits) {
    this.#context = context;
    this.#limits = limits;
  }

  get sends(): number {
    return this.#sends;
  }

  isUsedUp(): boolean {
    const { clock, signal } = this.#context;
    return this.#sends >= this.#limits.sends || clock.now() >= this.#limits.until || signal.aborted;
  }

  /** The request in place of the exchange's own, to the path of the exchange below the target. */
  async send(exchange: Exchange, request: Reducible, target: URL): Promise<Reply> {
    if (this.isUsedUp()) return { kind: "used up" };
    const { outbound, signal, progress } = this.#context;
    this.#sends++;
    progress(this.#sends, this.#limits.sends, `sent ${this.#sends} times`);
    const body = textOf(request.body);
    const outcome = await outbound.send({
      method: exchange.method,
      url: urlOf(target, pathOf(exchange, request)),
      headers: [...request.headers, ["idempotency-key", newId("min")], ["sluice-replay", "true"]],
      body: body === null ? null : Buffer.from(body),
      timeoutMs: sendTimeoutMs,
      readMax: this.#limits.readMax,
      signal,
    });
    if (outcome.kind === "refused") return { kind: "unreached", message: outcome.refusal.message };
    if (outcome.kind === "answered") {
      const { status, headers, truncated } = outcome;
      return { kind: "answered", status, headers, body: outcome.body, isWhole: !truncated };
    }
    if (outcome.reason === "aborted") return { kind: "used up" };
    const reached = afterConnecting.has(outcome.reason);
    return { kind: reached ? "unanswered" : "unreached", message: outcome.message };
  }
}

/** Set by parts, so that no captured path leads to another host than the target. */
function urlOf(target: URL, path: string): string {
  const url = new URL(target);
  const { path: bare, query } = partsOf(path);
  url.pathname = `${target.pathname.replace(/\/$/, "")}${bare}`;
  url.search = query;
  return url.toString();
}

const afterConnecting: ReadonlySet<string> = new Set(["reset", "timeout", "protocol"]);
