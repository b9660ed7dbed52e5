import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../kernel/clock.ts";
import type { Headers } from "../../kernel/exchange.ts";
import type { Connection, Connections } from "./connection.ts";
import { byteLengthOf, endWith, writeBody } from "./answer-body.ts";
import { openStream, overStream } from "./answer-stream.ts";
import type { AnswerHeaders, BodyProblem, Limits, RawAnswer, RawRequest, StreamedAnswer } from "./inbound.ts";
import { linger } from "./linger.ts";
import { senderOf, type TrustedProxies } from "./sender.ts";

/** What all exchanges of a listener share. */
export type Shared = {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Absent = nobody. */
  readonly trustedProxies?: TrustedProxies | undefined;
};

type BodyResult = Awaited<ReturnType<RawRequest["body"]>>;

/** A declared body of at most so much that nobody wanted is discarded, and its connection goes on. */
const discardedBytesMax = 1024 * 1024;

const noBody: BodyResult = { kind: "whole", bytes: Buffer.alloc(0) };

/** One HTTP request and its answer. */
export class HttpExchange implements RawRequest {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly receivedAt: number;

  readonly #connection: Connection;
  readonly #shared: Shared;
  readonly #awaitsContinue: boolean;
  /** Declared bytes of the body; null when it is chunked. */
  readonly #declared: number | null;
  #headers: Headers | null = null;
  #sender: string | null = null;
  #reading = false;
  #bodyBytes = 0;
  #gone: AbortController | null = null;

  constructor(
    message: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
    connection: Connection,
    shared: Shared,
    awaitsContinue: boolean,
  ) {
    const { incoming, response } = message;
    this.incoming = incoming;
    this.response = response;
    this.receivedAt = shared.clock.now();
    this.#connection = connection;
    this.#shared = shared;
    this.#awaitsContinue = awaitsContinue;
    this.#declared =
      incoming.headers["transfer-encoding"] === undefined
        ? Number(incoming.headers["content-length"] ?? 0)
        : null;
    shared.connections.begin(connection);
    response.on("close", () => {
      shared.connections.end(connection, this.#bodyBytes);
      if (!response.writableFinished) this.#gone?.abort();
    });
  }

  get method(): string {
    return this.incoming.method ?? "GET";
  }

  get target(): string {
    return this.incoming.url ?? "/";
  }

  get remoteAddress(): string {
    this.#sender ??= senderOf(this.#connection.remoteAddress, this.incoming, this.#shared.trustedProxies);
    return this.#sender;
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.response.destroyed && !this.response.writableFinished) this.#gone.abort();
    return this.#gone.signal;
  }

  get headers(): Headers {
    if (this.#headers === null) {
      const raw = this.incoming.rawHeaders;
      const pairs: [string, string][] = [];
      for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i] ?? "", raw[i + 1] ?? ""]);
      this.#headers = pairs;
    }
    return this.#headers;
  }

  header(name: string): string | undefined {
    const raw = this.incoming.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) {
      const candidate = raw[i] ?? "";
      if (candidate.length === name.length && candidate.toLowerCase() === name) return raw[i + 1];
    }
    return undefined;
  }

  body(max: number): Promise<BodyResult> {
    if (this.#reading) throw new Error("the body of a request is read once");
    if (this.#connection.broken !== null) return Promise.resolve({ kind: this.#connection.broken });
    if (this.#declared !== null && this.#declared > max) return Promise.resolve({ kind: "too_large" });
    if (this.#declared === 0) return Promise.resolve(noBody);
    this.#reading = true;
    if (this.#awaitsContinue) this.response.writeContinue();
    return new Promise((resolve) => this.#read(max, resolve));
  }

  #read(max: number, resolve: (result: BodyResult) => void): void {
    const { incoming } = this;
    const connection = this.#connection;
    const { connections, limits } = this.#shared;
    const chunks: Buffer[] = [];
    let over = false;

    const finish = (result: BodyResult) => {
      over = true;
      connection.reading = null;
      resolve(result);
    };
    const stop = (kind: BodyProblem) => {
      incoming.pause();
      finish({ kind });
    };
    connection.reading = stop;
    incoming.on("data", (chunk: Buffer) => {
      if (over) return;
      this.#bodyBytes += connections.hold(connection, chunk.length);
      if (this.#bodyBytes > max) stop("too_large");
      else if (connections.totals.bodyBytes > limits.bodyBytesInFlightMax) stop("busy");
      else chunks.push(chunk);
    });
    incoming.on("end", () => {
      if (over) return;
      const [first] = chunks;
      finish({
        kind: "whole",
        bytes: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks),
      });
    });
  }

  /** Whether the connection ends with this answer. */
  get last(): boolean {
    const { broken, ending } = this.#connection;
    return ending || broken !== null || this.#shared.connections.draining;
  }

  /** Answers a request that is not run, and ends its connection. */
  refuse(answer: RawAnswer): void {
    this.#connection.ending = true;
    this.answer(answer);
  }

  /** Sends the one answer; does nothing when the client is gone or an answer was begun. */
  answer({ status, headers, body }: RawAnswer): void {
    const { response } = this;
    if (response.destroyed || response.headersSent) return;
    const unwanted = this.#bodyStillComes();
    const bodyless = status === 204 || status === 304;
    const fields = fieldsOf(headers);
    if (!bodyless) fields.push("content-length", String(byteLengthOf(body)));
    if (unwanted || this.last) {
      this.#connection.ending = true;
      fields.push("connection", "close");
    }
    response.writeHead(status, fields);
    if (!unwanted) {
      if (bodyless) response.end();
      else endWith(response, body);
      return;
    }
    response.flushHeaders();
    if (!bodyless) writeBody(response, body);
    linger(this.incoming, response);
  }

  /** Begins the one answer, of which more may come at any time; whether it could. */
  stream({ status, headers, heartbeat, open }: StreamedAnswer): boolean {
    const { response } = this;
    const { connections, limits } = this.#shared;
    const isFull = connections.streams.count >= limits.streamsMax;
    if (isFull || response.destroyed || response.headersSent) {
      open(overStream);
      return !isFull;
    }
    const fields = fieldsOf(headers);
    if (this.#bodyStillComes() || this.last) {
      this.#connection.ending = true;
      fields.push("connection", "close");
    }
    connections.release(this.#connection, this.#bodyBytes);
    this.#bodyBytes = 0;
    response.writeHead(status, fields);
    response.flushHeaders();
    const stream = openStream(response, heartbeat, limits);
    const gone = connections.streams.add(stream.end);
    response.once("close", gone);
    open(stream);
    if (connections.draining) stream.end();
    return true;
  }

  /** Whether body is still to come that Node would not discard by itself on a connection that it keeps. */
  #bodyStillComes(): boolean {
    if (this.incoming.complete || this.#declared === 0 || this.#connection.broken !== null) return false;
    return this.last || this.#reading || this.#declared === null || this.#declared > discardedBytesMax;
  }
}

function fieldsOf(headers: AnswerHeaders): string[] {
  const fields: string[] = [];
  for (const name in headers) {
    const value = headers[name] ?? "";
    if (typeof value === "string") fields.push(name, value);
    else for (const one of value) fields.push(name, one);
  }
  return fields;
}
