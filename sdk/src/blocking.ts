import { ServerResponse, type IncomingMessage, type Server } from "node:http";
import { InvalidRule } from "../../capture/invalid-rule.ts";
import { compileSelection } from "../../capture/selection.ts";
import type { BlockRule } from "../../capture/wire.ts";
import { guarded } from "./marks.ts";
import { headersOf } from "./frame.ts";

const defaultStatus = 403;

/** What a server emits for a request, by which options of HTTP it came with. */
const requestEvents: ReadonlySet<unknown> = new Set(["request", "checkContinue", "checkExpectation"]);

type Compiled = { readonly rule: BlockRule; readonly holds: ReturnType<typeof compileSelection> };

/** Requests that are answered before any handler runs. Without rules nothing of a server is touched. */
export class Blocking {
  #compiled: readonly Compiled[] = [];
  readonly #taken = new WeakMap<object, BlockRule>();

  /** Replaces all rules. One that cannot be compiled blocks nothing: the server refuses such rules, an old agent may not know them. */
  set(rules: readonly BlockRule[]): void {
    this.#compiled = rules.flatMap((rule) => compiled(rule));
  }

  /** The first rule that holds. The request then reaches no handler of the server. */
  take(request: IncomingMessage, server: Server): BlockRule | undefined {
    if (this.#compiled.length === 0) return undefined;
    const seen = {
      method: request.method ?? "",
      target: request.url ?? "",
      host: request.headers.host ?? "",
      ip: request.socket.remoteAddress ?? null,
      status: null,
      headers: headersOf(request.rawHeaders.join("\n")),
    };
    const found = this.#compiled.find(({ holds }) => holds(seen))?.rule;
    if (found === undefined) return undefined;
    this.#taken.set(request, found);
    guard(server, this.#taken);
    return found;
  }
}

function compiled(rule: BlockRule): readonly Compiled[] {
  try {
    return [{ rule, holds: compileSelection(rule.selection) }];
  } catch (error) {
    if (error instanceof InvalidRule) return [];
    throw error;
  }
}

/** A subscriber cannot keep a request from its handlers; the server that is about to emit it can. */
function guard(server: Server, taken: WeakMap<object, BlockRule>): void {
  if (server[guarded] === true) return;
  server[guarded] = true;
  const emit: Emit = server.emit;
  server.emit = function (this: Server, event: string, ...given: unknown[]): boolean {
    const [request, response] = given;
    const rule =
      requestEvents.has(event) && typeof request === "object" && request !== null
        ? taken.get(request)
        : undefined;
    if (rule === undefined || !(response instanceof ServerResponse)) return emit.call(this, event, ...given);
    answer(response, rule);
    return true;
  };
}

/** A method, so that any arguments may be handed on. */
type Emit = { on(this: Server, event: string, ...given: unknown[]): boolean }["on"];
type Answering = Pick<ServerResponse, "writeHead" | "end">;

/** As a problem detail (RFC 9457). */
function answer(response: Answering, { status = defaultStatus, message }: BlockRule): void {
  const body = JSON.stringify({ type: "about:blank", title: "Blocked", status, detail: message });
  response.writeHead(status, {
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  });
  response.end(body);
}
