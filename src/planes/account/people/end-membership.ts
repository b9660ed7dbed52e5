import type { Context } from "../../../registry/context.ts";
import { credential, unrevoked } from "../credentials/credential.ts";
import { StoredKind } from "../credentials/credential-form.ts";
import { revoked } from "../credentials/revoked.ts";
import { unrevokedOf } from "../credentials/unrevoked.ts";
import { invitation, invitationsMax, openInvitations } from "./invitation.ts";
import { member, type MemberRow } from "./member.ts";
import { keepAnOwner } from "./rank.ts";

/**
 * Takes a member out, and with them what they could get back in by: credentials of the workspace that they made, and
 * invitations. Sessions and personal keys follow the membership by themselves. Answers how many credentials were revoked.
 *
 * @throws Failure conflict when it is the last owner, or has too many credentials
 */
export async function endMembership(
  context: Pick<Context, "unit" | "now">,
  row: MemberRow,
): Promise<{ readonly credentialsRevoked: number }> {
  const { unit, now } = context;
  await keepAnOwner(context, row);
  const { user } = row.value;
  const working = await unrevokedOf(context, StoredKind.options, { owner: user });
  for (const it of working) revoked(unit, it, now);
  // None is left, or the call decides again: of what is made at this moment too.
  for (const kind of StoredKind.options) unit.limit(credential, 0, { ...unrevoked(kind), owner: user });
  for (const it of await unit.find(invitation, { where: openInvitations, limit: invitationsMax }))
    if (it.value.by === user) unit.update(invitation, it, { ...it.value, revokedAt: now });
  unit.limit(invitation, 0, { ...openInvitations, by: user });
  unit.remove(member, row);
  return { credentialsRevoked: working.length };
}
