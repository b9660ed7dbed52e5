import type { BodyProblem, RawAnswer } from "../../engines/inbound/inbound.ts";
import { Failure, kinds } from "../../kernel/failure.ts";
import { retryAfter } from "../../kernel/retry-after.ts";
import { scopeChallenge, signInChallenge, type Challenged } from "../../registry/challenge.ts";
import type { Engines } from "../../registry/engines.ts";
import { explained, ScopeNeeded } from "./failure-reply.ts";
import { errorAnswer, RpcError, rpcCode, type RpcId } from "./json-rpc.ts";

/** The request that is refused. */
export type Refused = Challenged & {
  readonly requestId: string;
  /** Of the JSON-RPC request; null while it was not read. */
  readonly id: RpcId | null;
};

export function refusal(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): RawAnswer {
  return errorAnswer(status, null, new RpcError(status, message), headers);
}

/** What ends a request before a method is reached, or in place of its answer. */
export function refused(
  error: unknown,
  request: Refused,
  engines: Pick<Engines, "settings" | "log">,
): RawAnswer {
  const { requestId, id } = request;
  const { publicUrl } = engines.settings;
  if (error instanceof RpcError) return errorAnswer(400, id, error);
  if (error instanceof ScopeNeeded)
    return failed(error.failure, request, scopeChallenge(error.scope, request.resource, publicUrl));
  if (error instanceof Failure) return failed(error, request, signInChallenge(error, request, publicUrl));
  engines.log(
    `mcp ${requestId} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  const detail = { code: "internal", requestId };
  return errorAnswer(500, id, new RpcError(rpcCode.internal, "Something went wrong in the server.", detail));
}

function failed(failure: Failure, { requestId, id }: Refused, challenged: string | undefined): RawAnswer {
  const { status } = kinds[failure.kind];
  return errorAnswer(status, id, new RpcError(status, failure.message, explained(failure, requestId)), {
    ...(challenged !== undefined && { "www-authenticate": challenged }),
    ...retryAfter(failure.detail.retryAfterMs),
  });
}

export const bodyBytesMax = 4 * 1024 * 1024;

const incompleteBodies: Record<BodyProblem, readonly [status: number, message: string]> = {
  too_large: [413, `The body is larger than ${bodyBytesMax} bytes.`],
  slow: [408, "The body did not arrive in time."],
  busy: [503, "Too much is being received at the moment: try again in a second."],
  broken: [400, "The body did not arrive whole."],
};

export function incomplete(problem: BodyProblem): RawAnswer {
  const [status, message] = incompleteBodies[problem];
  return refusal(status, message, problem === "busy" ? { "retry-after": "1" } : {});
}
