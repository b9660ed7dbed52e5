import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { member, membersMax } from "../people/member.ts";
import { MemberView, memberView } from "../people/member-view.ts";

export const listMembers = read({
  name: "list_members",
  title: "List members",
  does: "Lists who belongs to the workspace and in which role, newest first.",
  verb: "GET",
  path: "/members",
  scope: "members:read",
  reach: "people",
  input: z.object({}),
  output: z.object({ members: z.array(MemberView) }),
  async run(_input, { unit, store }) {
    const rows = await unit.find(member, { limit: membersMax });
    return { members: await Promise.all(rows.map((row) => memberView(store, row))) };
  },
});
