import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { CredentialView } from "../credentials/credential-view.ts";
import { listed } from "./list-credentials.ts";

export const listPersonalKeys = read({
  name: "list_personal_keys",
  title: "List your personal keys",
  does: "Lists your personal keys with their state and last use. The keys themselves are not to be had.",
  verb: "GET",
  path: "/personal-keys",
  scope: "self:read",
  of: "person",
  reach: "people",
  input: z.object({}),
  output: z.object({ personalKeys: z.array(CredentialView) }),
  async run(_input, context) {
    const where = { kind: "personal-key", owner: context.principal.actor.id };
    return { personalKeys: await listed(context, where) };
  },
});
