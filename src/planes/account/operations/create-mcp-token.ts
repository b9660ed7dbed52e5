import { z } from "zod";
import { bucketsMax, PlaceName, requirePlace } from "../../../registry/environment.ts";
import { change } from "../../../registry/operation.ts";
import { usualToolsets } from "../credentials/credential-form.ts";
import {
  createCredential,
  CreatedCredential,
  fields,
  refuseToExceed,
  refuseTooManyTokens,
} from "../credentials/new-credential.ts";

/** Captured traffic of one environment is read; a marker is the only thing that is written. */
const scopes = ["traffic:read", "markers:write", "environments:read", "workspace:read"];
import { heldOwner } from "../people/held-owner.ts";

export const createMcpToken = change({
  name: "create_mcp_token",
  title: "Create an MCP token",
  does: "Creates a token that sees the captured API traffic of one environment, of all its buckets or of those named, and writes nothing but markers. The token is in the answer and never shown again.",
  verb: "POST",
  path: "/mcp-tokens",
  scope: "credentials:write",
  reach: "people",
  destructive: false,
  undoNone: "the token was shown",
  input: z.object({
    ...fields,
    environment: PlaceName.describe("The one environment whose traffic it sees."),
    buckets: z
      .array(PlaceName)
      .min(1)
      .max(bucketsMax)
      .nullable()
      .default(null)
      .describe("The buckets of that environment that it sees; null = all, those made later too."),
    toolsets: fields.toolsets.default([...usualToolsets["mcp-token"]]),
  }),
  output: CreatedCredential,
  async run({ environment, buckets, ...input }, context) {
    refuseToExceed(context, scopes);
    await refuseTooManyTokens(context, "mcp-token");
    await requirePlace(context.unit, { environment });
    for (const [i, bucket] of (buckets ?? []).entries())
      await requirePlace(context.unit, { environment, bucket }, `/buckets/${i}`);
    const owner = await heldOwner(context);
    return createCredential(context, { kind: "mcp-token", owner, scopes, environment, buckets, ...input });
  },
});
