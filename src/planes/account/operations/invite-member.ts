import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { change } from "../../../registry/operation.ts";
import { heldOwner } from "../people/held-owner.ts";
import { newInvitationToken } from "../people/invitation-link.ts";
import { invitation, invitationDays, invitationsMax, openInvitations } from "../people/invitation.ts";
import { InvitationView, invitationView } from "../people/invitation-view.ts";
import { member } from "../people/member.ts";
import { rankOf, requireRank } from "../people/rank.ts";
import { Role } from "../people/role.ts";
import { Email, users } from "../people/users.ts";

const dayMs = 24 * 3_600_000;

export const inviteMember = change({
  name: "invite_member",
  title: "Invite a member",
  does: `Makes a link by which the person with this email joins the workspace, once and within ${invitationDays} days; send it to them yourself. The link is shown this once, and replaces an earlier one for the same email.`,
  verb: "POST",
  path: "/invitations",
  scope: "members:write",
  reach: "people",
  destructive: false,
  undoNone: "the link was shown; revoke_invitation takes it back",
  input: z.object({
    email: Email.describe("Whom it is for, such as `ada@example.com`."),
    role: Role.default("member"),
  }),
  output: InvitationView.extend({ link: z.string().describe("Shown this once.") }),
  async run({ email, role }, context) {
    const { unit, settings, now } = context;
    requireRank(await rankOf(context), role, "/role");
    await refuseMember(context, email);
    for (const earlier of await unit.find(invitation, { where: openInvitations, limit: invitationsMax }))
      if (earlier.value.email === email || earlier.value.expiresAt <= now)
        unit.update(invitation, earlier, { ...earlier.value, revokedAt: now });
    unit.limit(invitation, invitationsMax, openInvitations);
    const { link, hash } = newInvitationToken(settings.publicUrl);
    const expiresAt = now + invitationDays * dayMs;
    const by = await heldOwner(context);
    const row = unit.create(invitation, {
      email,
      role,
      hash,
      by,
      expiresAt,
      acceptedBy: null,
      revokedAt: null,
    });
    return { ...invitationView(row, now), link: link.reveal() };
  },
});

async function refuseMember(context: Context, email: string): Promise<void> {
  const known = await users(context).byEmail(email);
  if (known === undefined || (await context.unit.byKey(member, "user", known.id)) === undefined) return;
  throw new Failure("conflict", "This person is a member already.", {
    pointer: "/email",
    hint: "update_member changes the role.",
  });
}
