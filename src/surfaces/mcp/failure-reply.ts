import { Failure, kinds, type FailureKind } from "../../kernel/failure.ts";
import { isCancelled } from "../../registry/cancelled.ts";
import { scopeToGrant } from "../../registry/challenge.ts";
import type { Caller } from "../../registry/invoke.ts";
import { RpcError, rpcCode } from "./json-rpc.ts";

/** What to do next, where the failure itself does not say. */
const hints: Record<FailureKind, string> = {
  invalid: "Correct the field and call again.",
  unauthenticated: "Send a valid key as `Authorization: Bearer <key>`.",
  forbidden:
    "Use a credential that may do it, or ask the workspace's owner for one; whoami says what this one may.",
  quota_exceeded: "Free some of what the plan limits, or have the plan changed.",
  not_found: "List what there is and take an id from there.",
  method_not_allowed: "Use another operation.",
  conflict: "Read the current state and decide again.",
  too_large: "Ask for less at once.",
  unsupported_media: "Send JSON.",
  limited: "Wait and call again.",
  unavailable: "Wait a moment and call again.",
};

/** An expected failure as callers see it, with the number that finds it in the log. */
export function explained({ kind, message, detail }: Failure, requestId: string): object {
  const { pointer: field, allowed, hint = hints[kind], retryAfterMs, problems } = detail;
  return { code: kind, message, field, allowed, hint, retryAfterMs, problems, requestId };
}

/**
 * The failure of a tool: a result that the model reads, not an error of the protocol. It has no `structuredContent`,
 * since the 1.x client validates that against the output schema of failures too.
 */
export function failedResult(failure: Failure, requestId: string): object {
  return { isError: true, content: [{ type: "text", text: JSON.stringify(explained(failure, requestId)) }] };
}

/** Refuses a call that a client may make once its person has granted more: answered as HTTP, not as a result. */
export class ScopeNeeded extends Error {
  readonly scope: string;
  readonly failure: Failure;

  constructor(scope: string, failure: Failure) {
    super(failure.message);
    this.name = "ScopeNeeded";
    this.scope = scope;
    this.failure = failure;
  }
}

export function scopeNeeded(failure: Failure, { principal }: Caller): ScopeNeeded | undefined {
  const scope = scopeToGrant(failure, principal);
  return scope === undefined ? undefined : new ScopeNeeded(scope, failure);
}

/** A bug, as callers see it: an id to ask after, and no detail. */
export function brokenResult(requestId: string): object {
  const detail = {
    code: "internal",
    message: "Something went wrong in the server.",
    hint: "It is logged under this request id; tell the server's operator.",
    requestId,
  };
  return { isError: true, content: [{ type: "text", text: JSON.stringify(detail) }] };
}

/** The failure of anything but a tool. */
export function rpcErrorOf(failure: Failure, requestId: string, about: object = {}): RpcError {
  const { kind, message } = failure;
  const codes: Partial<Record<FailureKind, number>> = {
    invalid: rpcCode.invalidParams,
    not_found: rpcCode.resourceNotFound,
  };
  const data = { ...explained(failure, requestId), ...about };
  return new RpcError(codes[kind] ?? kinds[kind].status, message, data);
}

/** A caller that waited as long as a call may take is told so; what else is no Failure is a bug. */
export function expected(error: unknown, { signal }: Caller): Failure | undefined {
  if (error instanceof Failure) return error;
  if (!signal.aborted) return undefined;
  if (isCancelled(signal)) return new Failure("conflict", "The call was cancelled.");
  return new Failure("unavailable", "The call took too long and was given up.", {
    hint: "Look at the state before calling again: it may have been carried out.",
  });
}
