import { z } from "zod";
import { heldScopes } from "../../../kernel/principal.ts";
import { read } from "../../../registry/operation.ts";
import { Plan, workspace } from "../../../registry/workspace.ts";

export const whoami = read({
  name: "whoami",
  title: "Who am I",
  does: "Tells which credential this is, its workspace and plan, and what its scopes allow.",
  verb: "GET",
  path: "/whoami",
  scope: "workspace:read",
  input: z.object({}),
  output: z.object({
    actor: z.object({ kind: z.string(), id: z.string() }),
    workspace: z.object({ id: z.string(), name: z.string(), plan: Plan, version: z.int() }),
    scopes: z.array(z.string()).describe('["all"] = every scope there is.'),
  }),
  async run(_input, { principal, unit, workspace: id, plan }) {
    const row = await unit.get(workspace, id);
    const { actor } = principal;
    return {
      actor,
      workspace: { id, name: row?.value.name ?? id, plan, version: row?.version ?? 1 },
      scopes: [...heldScopes(principal, id)],
    };
  },
});
