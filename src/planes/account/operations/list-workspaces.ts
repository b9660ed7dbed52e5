import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { workspace } from "../../../registry/workspace.ts";
import { member } from "../people/member.ts";
import { Role } from "../people/role.ts";

const shownMax = 1_000;

export const listWorkspaces = read({
  name: "list_workspaces",
  title: "List your workspaces",
  does: "Lists the workspaces that you belong to, with your role in each.",
  verb: "GET",
  path: "/workspaces",
  scope: "self:read",
  of: "person",
  reach: "people",
  input: z.object({}),
  output: z.object({ workspaces: z.array(z.object({ id: z.string(), name: z.string(), role: Role })) }),
  async run(_input, { principal, store: { records } }) {
    const found = await Promise.all(
      [...principal.workspaces.keys()].slice(0, shownMax).map(async (id) => {
        const [place, own] = await Promise.all([
          records.get(id, workspace.kind, id),
          records.byKey(id, member.kind, "user", principal.actor.id),
        ]);
        if (place === undefined || own === undefined) return [];
        return [
          { id, name: decodedRow(workspace, place).value.name, role: decodedRow(member, own).value.role },
        ];
      }),
    );
    return { workspaces: found.flat() };
  },
});
