import type { Context } from "../../../registry/context.ts";
import { member, type MemberRow } from "./member.ts";
import { keepAnOwner } from "./rank.ts";
import { takeBack } from "./take-back.ts";

/**
 * Takes a member out, and with them what they could get back in by: credentials of the workspace that they made, and
 * invitations. Sessions and personal keys follow the membership by themselves. Answers how many credentials were revoked.
 *
 * @throws Failure conflict when it is the last owner, or has too many credentials
 */
export async function endMembership(
  context: Pick<Context, "unit" | "now" | "catalogue">,
  row: MemberRow,
): Promise<{ readonly credentialsRevoked: number }> {
  await keepAnOwner(context, row);
  const ended = await takeBack(context, { user: row.value.user, role: null });
  context.unit.remove(member, row);
  return ended;
}
