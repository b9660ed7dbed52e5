import { z } from "zod";
import { inOrder, nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { workspace } from "../../../registry/workspace.ts";
import { member, type MemberRow } from "../people/member.ts";
import { Role } from "../people/role.ts";

const Key = z.object({ joinedAt: z.int(), id: z.string().max(100) });

export const listWorkspaces = read({
  name: "list_workspaces",
  title: "List your workspaces",
  does: "Lists the workspaces that you belong to, in the order in which you joined them, with your role in each.",
  verb: "GET",
  path: "/workspaces",
  scope: "self:read",
  of: "person",
  reach: "people",
  rows: "workspaces",
  input: z.object(pageInput),
  output: z.object({
    workspaces: z.array(z.object({ id: z.string(), name: z.string(), role: Role, version: z.int() })),
    nextCursor,
  }),
  async run(asked, { principal, store: { records } }) {
    const own = await Promise.all(
      [...principal.workspaces.keys()].map((id) =>
        records.byKey(id, member.kind, "user", principal.actor.id),
      ),
    );
    const memberships = own
      .filter((stored) => stored !== undefined)
      .map((stored) => decodedRow(member, stored));
    const source = inOrder(memberships, {
      key: Key,
      keyOf: (row: MemberRow) => ({ joinedAt: row.createdAt, id: row.workspace }),
    });
    const page = await pageOf(asked, source, (rows) =>
      Promise.all(
        rows.map(async ({ workspace: id, value: { role } }) => {
          const stored = await records.get(id, workspace.kind, id);
          if (stored === undefined) throw new Error(`a member is of the workspace ${id}, which is not there`);
          return { id, name: decodedRow(workspace, stored).value.name, role, version: stored.version };
        }),
      ),
    );
    return { workspaces: page.rows, nextCursor: page.nextCursor };
  },
});
