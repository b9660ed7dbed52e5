import type { Context } from "../../../registry/context.ts";
import { credential } from "../credentials/credential.ts";
import { invitation, openInvitations } from "./invitation.ts";
import { member, type MemberRow } from "./member.ts";
import { keepAnOwner } from "./rank.ts";

/** No more of one person's are revoked with one call. */
const revokedMax = 1_000;

/**
 * Takes a member out, and with them what they could get back in by: credentials of the workspace that they made, and
 * invitations. Sessions and personal keys follow the membership by themselves. Answers how many credentials were revoked.
 *
 * @throws Failure conflict when it is the last owner
 */
export async function endMembership(
  context: Pick<Context, "unit" | "now">,
  row: MemberRow,
): Promise<{ readonly credentialsRevoked: number }> {
  const { unit, now } = context;
  await keepAnOwner(context, row);
  const { user } = row.value;
  const made = await unit.find(credential, { where: { owner: user }, limit: revokedMax });
  const working = made.filter(({ value }) => value.revokedAt === null);
  for (const it of working) unit.update(credential, it, { ...it.value, revokedAt: now });
  for (const it of await unit.find(invitation, { where: openInvitations, limit: revokedMax }))
    if (it.value.by === user) unit.update(invitation, it, { ...it.value, revokedAt: now });
  unit.remove(member, row);
  return { credentialsRevoked: working.length };
}
