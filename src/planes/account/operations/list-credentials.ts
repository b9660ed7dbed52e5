import { z } from "zod";
import { nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";
import { StoredKind } from "../credentials/credential-form.ts";
import { CredentialView } from "../credentials/credential-view.ts";
import { unrevokedFirst, withUse } from "../credentials/unrevoked-first.ts";
import { credentialsHint, refuseConfined } from "../refuse-confined.ts";

const Listed = StoredKind.exclude(["personal-key"]);

export const listCredentials = read({
  name: "list_credentials",
  title: "List credentials",
  does: "Lists the workspace's API keys, MCP tokens and management tokens with their state and last use, revoked ones last. The secrets themselves are not to be had.",
  verb: "GET",
  path: "/credentials",
  scope: "credentials:read",
  reach: "people",
  rows: "credentials",
  input: z.object({ kind: Listed.optional(), ...pageInput }),
  output: z.object({ credentials: z.array(CredentialView), nextCursor }),
  async run({ kind, ...asked }, context) {
    refuseConfined(context.principal, credentialsHint);
    const source = unrevokedFirst(context, { kinds: kind === undefined ? Listed.options : [kind] });
    const page = await pageOf(asked, source, withUse(context));
    return { credentials: page.rows, nextCursor: page.nextCursor };
  },
});
