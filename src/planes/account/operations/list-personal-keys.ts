import { z } from "zod";
import { nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";
import { CredentialView } from "../credentials/credential-view.ts";
import { unrevokedFirst, withUse } from "../credentials/unrevoked-first.ts";

export const listPersonalKeys = read({
  name: "list_personal_keys",
  title: "List your personal keys",
  does: "Lists your personal keys with their state and last use, revoked ones last. The keys themselves are not to be had.",
  verb: "GET",
  path: "/personal-keys",
  scope: "self:read",
  of: "person",
  reach: "people",
  rows: "personalKeys",
  input: z.object(pageInput),
  output: z.object({ personalKeys: z.array(CredentialView), nextCursor }),
  async run(asked, context) {
    const owner = context.principal.actor.id;
    const source = unrevokedFirst(context, { kinds: ["personal-key"], owner });
    const page = await pageOf(asked, source, withUse(context));
    return { personalKeys: page.rows, nextCursor: page.nextCursor };
  },
});
