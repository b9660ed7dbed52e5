import { z } from "zod";
import { change } from "../../../registry/operation.ts";
import {
  createCredential,
  CreatedCredential,
  fields,
  refuseToExceed,
  refuseTooManyTokens,
  refuseUnknown,
} from "../credentials/new-credential.ts";
import { heldOwner } from "../people/held-owner.ts";

export const createManagementToken = change({
  name: "create_management_token",
  title: "Create a management token",
  does: "Creates a token with the scopes that are chosen, which is sent as X-Management-Token. It is in the answer and never shown again.",
  verb: "POST",
  path: "/management-tokens",
  scope: "credentials:write",
  reach: "people",
  destructive: false,
  undoNone: "the token was shown",
  input: z.object({
    ...fields,
    scopes: z
      .array(z.string().max(60))
      .min(1)
      .max(100)
      .describe("What it may do, such as `endpoints:read`; only scopes that you have."),
    toolsets: fields.toolsets
      .optional()
      .describe("Whose tools it lists over MCP; by default those that its scopes are for."),
  }),
  output: CreatedCredential,
  async run({ scopes, toolsets, ...input }, context) {
    refuseUnknown(context, scopes);
    refuseToExceed(context, scopes);
    await refuseTooManyTokens(context, "management-token");
    const { operations } = context.catalogue;
    const planes = [...operations.values()].filter((it) => scopes.includes(it.scope)).map((it) => it.plane);
    return createCredential(context, {
      kind: "management-token",
      owner: await heldOwner(context),
      scopes: [...new Set(scopes)],
      toolsets: toolsets ?? [...new Set(planes)],
      ...input,
    });
  },
});
