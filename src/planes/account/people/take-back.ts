import type { Context } from "../../../registry/context.ts";
import { credential, unrevoked, type CredentialValue } from "../credentials/credential.ts";
import { StoredKind } from "../credentials/credential-form.ts";
import { revoked } from "../credentials/revoked.ts";
import { unrevokedOf } from "../credentials/unrevoked.ts";
import { invitation, invitationsMax, openInvitations } from "./invitation.ts";
import { scopesOf, type Role } from "./role.ts";

/**
 * Revokes what a user made in the workspace that lets somebody do more than this role may: credentials, and invitations.
 * All of it for null. Answers how many credentials were revoked.
 *
 * @throws Failure conflict when there are too many
 */
export async function takeBack(
  { unit, now, catalogue }: Pick<Context, "unit" | "now" | "catalogue">,
  { user, role }: { readonly user: string; readonly role: Role | null },
): Promise<{ readonly credentialsRevoked: number }> {
  const mayStay = ({ scopes }: CredentialValue) => role !== null && within(scopes, role, catalogue);
  const mayInvite = (as: Role) => role === "owner" || (role === "admin" && as !== "owner");
  const working = await unrevokedOf({ unit }, StoredKind.options, { owner: user });
  const { true: kept = [], false: ended = [] } = Object.groupBy(working, ({ value }) => `${mayStay(value)}`);
  for (const it of ended) revoked(unit, it, now);
  // No other is there by then, or the call decides again: of what is made at this moment too.
  for (const kind of StoredKind.options)
    unit.limit(credential, kept.filter(({ value }) => value.kind === kind).length, {
      ...unrevoked(kind),
      owner: user,
    });
  const open = await unit.find(invitation, {
    where: { ...openInvitations, by: user },
    limit: invitationsMax,
  });
  const over = open.filter(({ value }) => !mayInvite(value.role));
  for (const it of over) unit.update(invitation, it, { ...it.value, revokedAt: now });
  unit.limit(invitation, open.length - over.length, { ...openInvitations, by: user });
  return { credentialsRevoked: ended.length };
}

/** Whether these scopes, null = every one there is, allow no operation that the role does not. */
function within(scopes: CredentialValue["scopes"], role: Role, catalogue: Context["catalogue"]): boolean {
  const allowed = scopesOf(role, catalogue);
  if (allowed === "all") return true;
  const held = [...catalogue.operations.values()].filter(({ scope }) => scopes?.includes(scope) ?? true);
  return held.every(({ scope }) => allowed.has(scope));
}
