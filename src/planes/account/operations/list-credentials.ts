import { z } from "zod";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { useCollection } from "../credentials/credential-use.ts";
import { credential } from "../credentials/credential.ts";
import { StoredKind } from "../credentials/credential-form.ts";
import { CredentialView, Use, viewOf } from "../credentials/credential-view.ts";
import { credentialsHint, refuseConfined } from "../refuse-confined.ts";

/** More than a plan allows, and than a person makes. */
export const listedMax = 1_000;

export const listCredentials = read({
  name: "list_credentials",
  title: "List credentials",
  does: "Lists the workspace's API keys, MCP tokens and management tokens with their state and last use. The secrets themselves are not to be had.",
  verb: "GET",
  path: "/credentials",
  scope: "credentials:read",
  reach: "people",
  input: z.object({ kind: StoredKind.exclude(["personal-key"]).optional() }),
  output: z.object({ credentials: z.array(CredentialView) }),
  async run({ kind }, context) {
    refuseConfined(context.principal, credentialsHint);
    return { credentials: await listed(context, kind === undefined ? {} : { kind }) };
  },
});

/** Newest first, with their last use. */
export async function listed(
  { unit, now }: Context,
  where: Readonly<Record<string, string>>,
): Promise<z.input<typeof CredentialView>[]> {
  const rows = await unit.find(credential, { limit: listedMax, where });
  const uses = await Promise.all(rows.map(({ id }) => unit.entry(useCollection, id)));
  return rows.map((row, i) => viewOf(row, now, Use.safeParse(uses[i]).data));
}
