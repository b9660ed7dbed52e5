import type { Dispatcher } from "undici";
import type { Clock } from "../../kernel/clock.ts";
import type { Headers } from "../../kernel/exchange.ts";
import type { Outcome, OutboundRequest, Timing, UnreachableReason } from "./outbound.ts";
import { type Abortable, follow, unfollow } from "./abort.ts";
import { ConnectError, codeOf, messageOf, reasonOf } from "./reasons.ts";

type Controller = Dispatcher.DispatchController;
type RawHeaders = NonNullable<Controller["rawHeaders"]>;

/** What a server does to a kept-alive connection that it closed while the request was on its way. */
const staleCodes = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** One connection at a time to one origin; it connects again when it is used after its connection closed. */
export type Line = {
  /** The peer's address while connected. */
  readonly address: string | null;
  /** Requests that were answered on the present connection. */
  readonly served: number;
  /** The transfer is over: the line takes the next one, waits idle or is dropped. */
  release(): void;
  /** Sends the same transfer once more; a line whose connection broke connects afresh. */
  again(transfer: Transfer): void;
};

/** One request on its way: undici's handler, the deadline over everything, and the one outcome. */
export class Transfer implements Dispatcher.DispatchHandler, Abortable {
  readonly options: Dispatcher.DispatchOptions;
  settled = false;

  readonly #request: OutboundRequest;
  readonly #settle: (outcome: Outcome) => void;
  readonly #startedAt: number;
  readonly #begun = performance.now();
  readonly #deadline: NodeJS.Timeout;

  #line: Line | null = null;
  #controller: Controller | null = null;
  #reused = false;
  #retried = false;
  #answering = false;
  #address: string | null = null;
  #firstByteMs: number | null = null;
  #status = 0;
  #headers: Headers = [];
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** `path` with its query. */
  constructor(request: OutboundRequest, path: string, clock: Clock, settle: (outcome: Outcome) => void) {
    this.#request = request;
    this.#settle = settle;
    this.#startedAt = clock.now();
    this.options = {
      method: request.method,
      path,
      headers: request.headers.flat(),
      body: request.body,
    };
    this.#deadline = setTimeout(() => this.#stop("timeout"), request.timeoutMs);
    if (request.signal !== undefined) follow(request.signal, this);
  }

  ride(line: Line): void {
    this.#line = line;
  }

  /** Ends a transfer because its caller gives it up or the engine closes. */
  abort(): void {
    this.#stop("aborted");
  }

  /** Ends a transfer that never got a line. */
  refuse(message: string): void {
    this.#finish({ kind: "unreachable", reason: "network", message, timing: this.#timing() });
  }

  onRequestStart(controller: Controller): void {
    // Throwing is how undici skips a request without closing the connection it never used.
    if (this.settled) throw new ConnectError("aborted", messageOf("aborted"));
    this.#controller = controller;
    this.#address = this.#line?.address ?? null;
    this.#reused = (this.#line?.served ?? 0) > 0;
  }

  onResponseStarted(): void {
    this.#answering = true;
  }

  onResponseStart(controller: Controller, status: number): void {
    if (status < 200) return;
    this.#firstByteMs = performance.now() - this.#begun;
    this.#status = status;
    this.#headers = pairs(controller.rawHeaders ?? []);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (this.settled) return;
    const room = this.#request.readMax - this.#bytes;
    if (chunk.length <= room) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      return;
    }
    this.#chunks.push(chunk.subarray(0, room));
    this.#answered(true, null);
    this.#hangUp();
  }

  onResponseEnd(): void {
    this.#answered(false, null);
    this.#line?.release();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    const line = this.#line;
    if (this.#mayGoAgain(error)) {
      this.#retried = true;
      this.#controller = null;
      // undici is still taking the old connection down; the new one comes after it.
      queueMicrotask(() => line?.again(this));
      return;
    }
    this.#broke(error);
    queueMicrotask(() => line?.release());
  }

  #mayGoAgain(error: Error): boolean {
    return (
      this.#reused && !this.#retried && !this.#answering && !this.settled && staleCodes.has(codeOf(error))
    );
  }

  #broke(error: Error): void {
    const reason = reasonOf(error);
    if (this.#firstByteMs !== null) {
      this.#answered(true, reason);
      return;
    }
    const refusal = error instanceof ConnectError ? error.refusal : undefined;
    const message = error instanceof ConnectError ? error.message : messageOf(reason, error);
    const timing = this.#timing();
    if (refusal === undefined) this.#finish({ kind: "unreachable", reason, message, timing });
    else this.#finish({ kind: "refused", refusal, timing });
  }

  /** The deadline passed or the caller gave up, in whatever state the transfer is. */
  #stop(cause: "timeout" | "aborted"): void {
    if (this.#firstByteMs !== null) {
      this.#answered(true, cause);
    } else {
      const connecting = this.#line !== null && this.#controller === null;
      const reason = cause === "timeout" && connecting ? "connect_timeout" : cause;
      this.#finish({ kind: "unreachable", reason, message: messageOf(reason), timing: this.#timing() });
    }
    this.#hangUp();
  }

  #hangUp(): void {
    this.#controller?.abort(new ConnectError("aborted", messageOf("aborted")));
  }

  #answered(truncated: boolean, broken: UnreachableReason | null): void {
    this.#finish({
      kind: "answered",
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#chunks),
      truncated,
      broken,
      timing: this.#timing(),
    });
  }

  #finish(outcome: Outcome): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.#deadline);
    if (this.#request.signal !== undefined) unfollow(this.#request.signal, this);
    this.#chunks = [];
    this.#settle(outcome);
  }

  #timing(): Timing {
    return {
      startedAt: this.#startedAt,
      totalMs: performance.now() - this.#begun,
      firstByteMs: this.#firstByteMs,
      address: this.#address,
    };
  }
}

/** Header bytes are read as Latin-1, one character per byte, so that they can be sent on unchanged. */
function pairs(raw: RawHeaders): Headers {
  if (!Array.isArray(raw)) return [];
  const text = raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < text.length; i += 2) list.push([text[i] ?? "", text[i + 1] ?? ""]);
  return list;
}
