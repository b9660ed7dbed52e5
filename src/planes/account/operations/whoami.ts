import { z } from "zod";
import { heldScopes } from "../../../kernel/principal.ts";
import { read } from "../../../registry/operation.ts";
import { Plan, workspace } from "../../../registry/workspace.ts";
import { users } from "../people/users.ts";

export const whoami = read({
  name: "whoami",
  title: "Who am I",
  does: "Tells which credential this is, whose it is, its workspace and plan, and what its scopes allow.",
  verb: "GET",
  path: "/whoami",
  scope: "workspace:read",
  input: z.object({}),
  output: z.object({
    actor: z.object({ kind: z.string(), id: z.string() }),
    person: z
      .object({ name: z.string(), email: z.string().nullable() })
      .nullable()
      .describe("Who it acts for; null = it is a workspace's own."),
    workspace: z.object({ id: z.string(), name: z.string(), plan: Plan, version: z.int() }),
    scopes: z.array(z.string()).describe('["all"] = every scope there is.'),
  }),
  async run(_input, context) {
    const { principal, unit, workspace: id, plan } = context;
    const row = await unit.get(workspace, id);
    const { actor } = principal;
    const person = actor.kind === "user" ? await users(context).byId(actor.id) : undefined;
    return {
      actor,
      person: person === undefined ? null : { name: person.value.name, email: person.value.email },
      workspace: { id, name: row?.value.name ?? id, plan, version: row?.version ?? 1 },
      scopes: [...heldScopes(principal, id)],
    };
  },
});
