import type { BodyProblem, RawAnswer, RawRequest, RawRoute } from "../../engines/inbound/inbound.ts";
import { Failure, kinds } from "../../kernel/failure.ts";
import { newId } from "../../kernel/id.ts";
import { credentialsOf, type Authenticate } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Caller } from "../../registry/invoke.ts";
import type { ServerInfo } from "./about.ts";
import { deadline, type Deadline } from "./deadline.ts";
import { everyEra } from "./every-era.ts";
import { explained } from "./failure-reply.ts";
import { errorAnswer, RpcError, rpcCode } from "./json-rpc.ts";
import type { Offer } from "./methods.ts";
import { asksReadOnly, refuseForeignOrigin } from "./narrowing.ts";
import { readMessage } from "./rpc-body.ts";
import { viewKey } from "./view.ts";

export type McpMount = Offer & {
  readonly engines: Engines;
  readonly authenticate: Authenticate;
  /** false = there is nothing here, whoever asks. */
  readonly enabled: boolean;
  readonly serverInfo: ServerInfo;
};

const bodyBytesMax = 4 * 1024 * 1024;
const callMsMax = 120_000;

/**
 * `POST /api/mcp`: one JSON request, one JSON response, no session, whatever `Accept` says. Speaks 2024-11-05 to
 * 2025-11-25, with `initialize` or without, and 2026-07-28.
 *
 * HTTP statuses: 200 answers, errors of methods among them; 202 to notifications; 400 what is no request; 401 and 403
 * whoever may not ask; 404 when turned off; 405 any other method; 408, 413 and 503 bodies that did not come through.
 */
export function mcpRoute({ engines, authenticate, enabled, serverInfo, ...offer }: McpMount): RawRoute {
  const era = everyEra(offer, engines, serverInfo);
  // Random once and counted on: no other process gives out the same ids, and none costs randomness.
  const series = newId("req");
  let requests = 0;
  const scopes = [...new Set([...offer.operations, ...offer.prompts].map(({ scope }) => scope))];

  async function answer(request: RawRequest, requestId: string, patience: Deadline): Promise<RawAnswer> {
    refuseForeignOrigin(request.header("origin"), engines.settings.publicUrl);
    const { method, remoteAddress } = request;
    const from = { method, remoteAddress, resource: "/api/mcp" };
    const principal = await authenticate(credentialsOf((name) => request.header(name), from));
    const readOnly = asksReadOnly(request);
    const body = await request.body(bodyBytesMax);
    if (body.kind !== "whole") return incomplete(body.kind);
    const caller: Caller = {
      principal,
      surface: "mcp",
      requestId,
      get signal() {
        return patience.signal;
      },
      idempotencyKey: null,
      readOnly,
    };
    return era.answer(readMessage(body.bytes), {
      headers: {
        version: request.header("mcp-protocol-version"),
        method: request.header("mcp-method"),
        name: request.header("mcp-name"),
      },
      caller,
      view: viewKey(scopes, caller),
    });
  }

  return {
    prefix: "/api/mcp",
    async handle(request) {
      if (!enabled) return refusal(404, "The MCP server is turned off.");
      if (request.method !== "POST")
        return refusal(405, `${request.method} is not served here: send JSON-RPC by POST.`, {
          allow: "POST",
        });
      const requestId = `${series}-${(++requests).toString(36)}`;
      const patience = deadline(callMsMax, request);
      try {
        return await answer(request, requestId, patience);
      } catch (error) {
        return refused(error, requestId, engines.log);
      } finally {
        patience.clear();
      }
    },
  };
}

const incompleteBodies: Record<BodyProblem, readonly [status: number, message: string]> = {
  too_large: [413, `The body is larger than ${bodyBytesMax} bytes.`],
  slow: [408, "The body did not arrive in time."],
  busy: [503, "Too much is being received at the moment: try again in a second."],
  broken: [400, "The body did not arrive whole."],
};

function incomplete(problem: BodyProblem): RawAnswer {
  const [status, message] = incompleteBodies[problem];
  return refusal(status, message, problem === "busy" ? { "retry-after": "1" } : {});
}

function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): RawAnswer {
  return errorAnswer(status, null, new RpcError(status, message), headers);
}

/** What ends a request before a method is reached. */
function refused(error: unknown, requestId: string, log: (line: string) => void): RawAnswer {
  if (error instanceof RpcError) return errorAnswer(400, null, error);
  if (error instanceof Failure) {
    const { status } = kinds[error.kind];
    const { retryAfterMs } = error.detail;
    return errorAnswer(status, null, new RpcError(status, error.message, explained(error, requestId)), {
      ...(status === 401 && { "www-authenticate": "Bearer" }),
      ...(retryAfterMs !== undefined && { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) }),
    });
  }
  log(`mcp ${requestId} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const detail = { code: "internal", requestId };
  return errorAnswer(
    500,
    null,
    new RpcError(rpcCode.internal, "Something went wrong in the server.", detail),
  );
}
