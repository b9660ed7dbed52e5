import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { apiKey } from "../api-key.ts";
import { ApiKeyView, Use, viewOf } from "../api-key-view.ts";
import { useCollection } from "../authenticate.ts";
import { apiKeysListedMax } from "../live-keys.ts";

export const listApiKeys = read({
  name: "list_api_keys",
  title: "List API keys",
  does: "Lists the workspace's API keys with their state and last use. The keys themselves are not to be had.",
  verb: "GET",
  path: "/api-keys",
  scope: "api-keys:read",
  reach: "people",
  input: z.object({}),
  output: z.object({ apiKeys: z.array(ApiKeyView) }),
  async run(_input, { unit, now }) {
    const rows = await unit.find(apiKey, { limit: apiKeysListedMax });
    const uses = await Promise.all(rows.map(({ id }) => unit.entry(useCollection, id)));
    return {
      apiKeys: rows.map((row, i) => {
        const use = Use.safeParse(uses[i]);
        return viewOf(row, now, use.success ? use.data : undefined);
      }),
    };
  },
});
