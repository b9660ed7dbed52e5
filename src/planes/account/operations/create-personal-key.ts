import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { change } from "../../../registry/operation.ts";
import { credential, unrevoked } from "../credentials/credential.ts";
import { usualToolsets } from "../credentials/credential-form.ts";
import { createCredential, CreatedCredential, fields } from "../credentials/new-credential.ts";

const personalKeysMax = 50;

export const createPersonalKey = change({
  name: "create_personal_key",
  title: "Create a personal key",
  does: "Creates a key that may do what you may, in all your workspaces. The key is in the answer and never shown again.",
  verb: "POST",
  path: "/personal-keys",
  scope: "self:write",
  of: "person",
  reach: "people",
  destructive: false,
  undoNone: "the key was shown",
  input: z.object({ ...fields, toolsets: fields.toolsets.default([...usualToolsets["personal-key"]]) }),
  output: CreatedCredential,
  async run(input, context) {
    const { unit, principal } = context;
    if (principal.credential.kind === "oauth")
      throw new Failure(
        "forbidden",
        "A client cannot make itself a key that may do more than you allowed it.",
        {
          hint: "Sign in, or use a personal key, to make another.",
        },
      );
    unit.limit(credential, personalKeysMax, { ...unrevoked("personal-key"), owner: principal.actor.id });
    return createCredential(context, { kind: "personal-key", owner: principal.actor.id, ...input });
  },
});
