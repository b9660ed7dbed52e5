import { z } from "zod";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { endMembership } from "../people/end-membership.ts";
import { memberById, rankOf, requireRank } from "../people/rank.ts";

export const removeMember = change({
  name: "remove_member",
  title: "Remove a member",
  does: "Takes a person out of the workspace, from their next request on. Credentials and invitations that they made are revoked.",
  verb: "DELETE",
  path: "/members/:memberId",
  scope: "members:write",
  reach: "people",
  destructive: true,
  undoNone: "only an invitation lets somebody in, and revoked credentials stay so",
  input: z.object({ memberId: z.string().max(100), expectedVersion }),
  output: z.object({ removed: z.string(), credentialsRevoked: z.int() }),
  async run({ memberId, expectedVersion: expected }, context) {
    const rank = await rankOf(context);
    const row = await memberById(context, memberId);
    requireRank(rank, row.value.role, "/memberId");
    refuseOtherVersion(row, expected, "member");
    return { removed: row.id, ...(await endMembership(context, row)) };
  },
});
