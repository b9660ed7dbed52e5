import { Failure } from "../../kernel/failure.ts";
import { may, type Principal } from "../../kernel/principal.ts";
import type { Engines } from "../../registry/engines.ts";
import { invoke, type Caller, type Output } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";

/**
 * A read for what has no argument to name a workspace by: a resource, a suggestion, a prompt.
 *
 * @throws Failure invalid for a caller with several workspaces; whatever `invoke` throws
 */
export async function readInOneWorkspace(
  it: Operation,
  input: unknown,
  caller: Caller,
  engines: Engines,
): Promise<Output> {
  if (may(caller.principal, it.scope)) refuseSeveral(caller.principal);
  return invoke(it, input, caller, engines);
}

/** @throws Failure invalid for a caller with several workspaces, and says how to connect to one of them */
export function refuseSeveral({ workspaces }: Principal): void {
  if (workspaces.size <= 1) return;
  throw new Failure("invalid", "You have several workspaces, and only tools can be told which one.", {
    allowed: [...workspaces.keys()],
    hint: "Connect with ?workspace=<id> or X-MCP-Workspace: <id> to choose one for the whole connection.",
  });
}
