import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { change } from "../../../registry/operation.ts";
import { credential, unrevoked } from "../credentials/credential.ts";
import { usualToolsets } from "../credentials/credential-form.ts";
import {
  createCredential,
  CreatedCredential,
  fields,
  refuseToExceed,
} from "../credentials/new-credential.ts";
import { heldOwner } from "../people/held-owner.ts";

export const createApiKey = change({
  name: "create_api_key",
  title: "Create an API key",
  does: "Creates an API key that carries every scope of the workspace. The key is in the answer and never shown again.",
  verb: "POST",
  path: "/api-keys",
  scope: "credentials:write",
  reach: "people",
  destructive: false,
  undoNone: "the key was shown",
  input: z.object({ ...fields, toolsets: fields.toolsets.default([...usualToolsets["api-key"]]) }),
  output: CreatedCredential,
  async run(input, context) {
    refuseToExceed(context, null);
    const { unit, plan } = context;
    const where = unrevoked("api-key");
    const { length: keys } = await unit.find(credential, { limit: plan.apiKeysMax, where });
    if (keys >= plan.apiKeysMax)
      throw new Failure("quota_exceeded", `The plan "${plan.name}" allows ${plan.apiKeysMax} API keys.`, {
        hint: "Revoke a key that is no longer used.",
      });
    unit.limit(credential, plan.apiKeysMax, where);
    return createCredential(context, { kind: "api-key", owner: await heldOwner(context), ...input });
  },
});
