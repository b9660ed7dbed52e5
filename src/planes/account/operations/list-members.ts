import { z } from "zod";
import { newestFirst, nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";
import { member } from "../people/member.ts";
import { MemberView, memberView } from "../people/member-view.ts";

export const listMembers = read({
  name: "list_members",
  title: "List members",
  does: "Lists who belongs to the workspace and in which role, newest first.",
  verb: "GET",
  path: "/members",
  scope: "members:read",
  reach: "people",
  rows: "members",
  input: z.object(pageInput),
  output: z.object({ members: z.array(MemberView), nextCursor }),
  async run(asked, context) {
    const page = await pageOf(asked, newestFirst(context, member), (rows) =>
      Promise.all(rows.map((row) => memberView(context.store, row))),
    );
    return { members: page.rows, nextCursor: page.nextCursor };
  },
});
