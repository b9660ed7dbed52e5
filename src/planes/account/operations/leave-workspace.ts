import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { endMembership } from "../people/end-membership.ts";
import { member } from "../people/member.ts";

export const leaveWorkspace = change({
  name: "leave_workspace",
  title: "Leave a workspace",
  does: "Ends your own membership at once; the last owner cannot leave. Credentials and invitations that you made are revoked.",
  verb: "DELETE",
  path: "/membership",
  scope: "self:write",
  reach: "people",
  destructive: true,
  undoNone: "only an invitation lets somebody in",
  input: z.object({ expectedVersion }),
  output: z.object({ left: z.string(), credentialsRevoked: z.int() }),
  async run({ expectedVersion: expected }, context) {
    const { unit, principal, workspace } = context;
    const own =
      principal.actor.kind === "user" ? await unit.byKey(member, "user", principal.actor.id) : undefined;
    if (own === undefined)
      throw new Failure("forbidden", "This credential acts as no member of the workspace.", {
        hint: "Sign in, or use a personal key.",
      });
    refuseOtherVersion(own, expected, "membership");
    return { left: workspace, ...(await endMembership(context, own)) };
  },
});
