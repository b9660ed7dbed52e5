import { z } from "zod";
import { newestFirst, nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";
import { invitation } from "../people/invitation.ts";
import { InvitationView, invitationView } from "../people/invitation-view.ts";

export const listInvitations = read({
  name: "list_invitations",
  title: "List invitations",
  does: "Lists invitations and what became of them, newest first. Their links are not to be had.",
  verb: "GET",
  path: "/invitations",
  scope: "members:read",
  reach: "people",
  rows: "invitations",
  input: z.object(pageInput),
  output: z.object({ invitations: z.array(InvitationView), nextCursor }),
  async run(asked, context) {
    const page = await pageOf(asked, newestFirst(context, invitation), (rows) =>
      rows.map((row) => invitationView(row, context.now)),
    );
    return { invitations: page.rows, nextCursor: page.nextCursor };
  },
});
