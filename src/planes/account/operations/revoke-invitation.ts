import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { invitation, standingOf } from "../people/invitation.ts";
import { InvitationView, invitationView } from "../people/invitation-view.ts";

export const revokeInvitation = change({
  name: "revoke_invitation",
  title: "Revoke an invitation",
  does: "Makes the link of an invitation useless. Revoking one that is over changes nothing.",
  verb: "DELETE",
  path: "/invitations/:invitationId",
  scope: "members:write",
  reach: "people",
  destructive: true,
  undoNone: "a revoked link may have leaked",
  input: z.object({ invitationId: z.string().max(100), expectedVersion }),
  output: InvitationView,
  async run({ invitationId, expectedVersion: expected }, { unit, now }) {
    const row = await unit.get(invitation, invitationId);
    if (row === undefined)
      throw new Failure("not_found", "No such invitation.", {
        pointer: "/invitationId",
        hint: "list_invitations shows the ids; they begin with inv_.",
      });
    refuseOtherVersion(row, expected, "invitation");
    if (standingOf(row, now) !== "open") return invitationView(row, now);
    return invitationView(unit.update(invitation, row, { ...row.value, revokedAt: now }), now);
  },
});
