import type { Grant } from "../../../engines/identity/identity.ts";
import { Failure } from "../../../kernel/failure.ts";
import { may } from "../../../kernel/principal.ts";
import type { Context } from "../../../registry/context.ts";

/** The connections of a workspace that the caller may see and end: a person's own, or all for who manages members. */
export async function ownConnections({
  identity,
  principal,
  workspace,
}: Pick<Context, "identity" | "principal" | "workspace">): Promise<readonly Grant[]> {
  const grants = await identity.grants({ realm: workspace });
  const { actor } = principal;
  if (actor.kind !== "user" || may(principal, "members:write", workspace)) return grants;
  return grants.filter(({ account }) => account === actor.id);
}

/** @throws Failure not_found at `/connectionId` for one that is not among `ownConnections` */
export async function ownConnection(
  id: string,
  context: Pick<Context, "identity" | "principal" | "workspace">,
): Promise<Grant> {
  const grant = (await ownConnections(context)).find((it) => it.id === id);
  if (grant !== undefined) return grant;
  throw noConnection();
}

export function noConnection(): Failure {
  return new Failure("not_found", "No such connected client.", {
    pointer: "/connectionId",
    hint: "list_connected_clients shows the ids; they begin with con_.",
  });
}

/** Whether tokens for this resource are shown tools: REST lists none. */
export function listsTools(resource: string): boolean {
  return resource.endsWith("/mcp");
}
