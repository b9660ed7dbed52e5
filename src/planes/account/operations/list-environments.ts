import { z } from "zod";
import { environment, environmentsMax } from "../../../registry/environment.ts";
import { read } from "../../../registry/operation.ts";

export const listEnvironments = read({
  name: "list_environments",
  title: "List environments",
  does: "Lists the workspace's environments, and which of them this credential may see into.",
  verb: "GET",
  path: "/environments",
  scope: "environments:read",
  input: z.object({}),
  output: z.object({
    environments: z.array(z.object({ id: z.string(), name: z.string(), accessible: z.boolean() })),
  }),
  async run(_input, { unit, principal }) {
    const own = principal.confines.environment;
    const rows = await unit.find(environment, { limit: environmentsMax });
    return {
      environments: rows
        .map(({ id, value }) => ({ id, name: value.name, accessible: (own ?? value.name) === value.name }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    };
  },
});
