import { z } from "zod";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { member } from "../people/member.ts";
import { MemberView, memberView } from "../people/member-view.ts";
import { keepAnOwner, memberById, rankOf, requireRank } from "../people/rank.ts";
import { Role } from "../people/role.ts";
import { takeBack } from "../people/take-back.ts";

export const updateMember = change({
  name: "update_member",
  title: "Change a member's role",
  does: "Gives a member another role, from their next request on. What they made that may do more than a lower role is revoked: credentials and invitations. Only owners make owners or change one, and one owner stays.",
  verb: "PATCH",
  path: "/members/:memberId",
  scope: "members:write",
  reach: "people",
  destructive: false,
  undoNone: "a role is given by who may do so at that moment",
  input: z.object({ memberId: z.string().max(100), role: Role, expectedVersion }),
  output: MemberView.extend({ credentialsRevoked: z.int() }),
  async run({ memberId, role, expectedVersion: expected }, context) {
    const rank = await rankOf(context);
    const row = await memberById(context, memberId);
    requireRank(rank, row.value.role, "/memberId");
    requireRank(rank, role, "/role");
    refuseOtherVersion(row, expected, "member");
    if (role === row.value.role) return { ...(await memberView(context.store, row)), credentialsRevoked: 0 };
    await keepAnOwner(context, row);
    const taken = await takeBack(context, { user: row.value.user, role });
    const changed = context.unit.update(member, row, { ...row.value, role });
    return { ...(await memberView(context.store, changed)), ...taken };
  },
});
