import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { invitation, invitationsMax } from "../people/invitation.ts";
import { InvitationView, invitationView } from "../people/invitation-view.ts";

export const listInvitations = read({
  name: "list_invitations",
  title: "List invitations",
  does: `Lists the newest ${invitationsMax} invitations and what became of them. Their links are not to be had.`,
  verb: "GET",
  path: "/invitations",
  scope: "members:read",
  reach: "people",
  input: z.object({}),
  output: z.object({ invitations: z.array(InvitationView) }),
  async run(_input, { unit, now }) {
    const rows = await unit.find(invitation, { limit: invitationsMax });
    return { invitations: rows.map((row) => invitationView(row, now)) };
  },
});
