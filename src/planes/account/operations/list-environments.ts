import { z } from "zod";
import { environment, environmentsMax } from "../../../registry/environment.ts";
import { inOrder, nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";

const Key = z.object({ name: z.string().max(50) });

export const listEnvironments = read({
  name: "list_environments",
  title: "List environments",
  does: "Lists the workspace's environments, and which of them this credential may see into.",
  verb: "GET",
  path: "/environments",
  scope: "environments:read",
  rows: "environments",
  input: z.object(pageInput),
  output: z.object({
    environments: z.array(
      z.object({ id: z.string(), name: z.string(), accessible: z.boolean(), version: z.int() }),
    ),
    nextCursor,
  }),
  async run(asked, { unit, principal }) {
    const own = principal.confines.environment;
    const all = await unit.find(environment, { limit: environmentsMax });
    const views = all.map(({ id, value: { name }, version }) => ({
      id,
      name,
      accessible: (own ?? name) === name,
      version,
    }));
    const source = inOrder(views, { key: Key, keyOf: ({ name }) => ({ name }) });
    const page = await pageOf(asked, source, (rows) => rows);
    return { environments: page.rows, nextCursor: page.nextCursor };
  },
});
