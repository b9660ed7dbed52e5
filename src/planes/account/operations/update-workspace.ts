import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { Plan, workspace } from "../../../registry/workspace.ts";

export const updateWorkspace = change({
  name: "update_workspace",
  title: "Update the workspace",
  does: "Renames the workspace or changes the limits of its plan. Fields left out stay as they are.",
  verb: "PATCH",
  path: "/workspace",
  scope: "workspace:write",
  reach: "people",
  destructive: false,
  undoNone: null,
  input: z.object({
    name: z.string().trim().min(1).max(100).optional(),
    plan: Plan.partial().optional(),
    expectedVersion,
  }),
  output: z.object({ id: z.string(), name: z.string(), plan: Plan, version: z.int() }),
  async run({ name, plan, expectedVersion: expected }, { unit, workspace: id }) {
    const row = await unit.get(workspace, id);
    if (row === undefined) throw new Failure("not_found", "No such workspace.");
    refuseOtherVersion(row, expected, "workspace");
    const next = unit.update(workspace, row, {
      name: name ?? row.value.name,
      plan: Plan.parse({ ...row.value.plan, ...plan }),
    });
    return { id, ...next.value, version: next.version };
  },
});
