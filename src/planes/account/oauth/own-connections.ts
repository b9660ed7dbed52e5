import type { Grant } from "../../../engines/identity/identity.ts";
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
