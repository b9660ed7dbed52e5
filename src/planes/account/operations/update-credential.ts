import { z } from "zod";
import { expectedVersion, refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { credential } from "../credentials/credential.ts";
import { CredentialView, viewOf } from "../credentials/credential-view.ts";
import { fields } from "../credentials/new-credential.ts";
import { credentialOf } from "../credentials/revoked.ts";
import { credentialsHint, refuseConfined } from "../refuse-confined.ts";

export const updateCredential = change({
  name: "update_credential",
  title: "Update a credential",
  does: "Renames a credential or changes whose tools it lists over MCP. What it may do stays as it was made.",
  verb: "PATCH",
  path: "/credentials/:credentialId",
  scope: "credentials:write",
  reach: "people",
  destructive: false,
  undoNone: null,
  input: z.object({
    credentialId: z.string().max(100),
    name: fields.name.optional(),
    toolsets: fields.toolsets.optional(),
    expectedVersion,
  }),
  output: CredentialView,
  async run({ credentialId, name, toolsets, expectedVersion: expected }, { unit, now, principal }) {
    refuseConfined(principal, credentialsHint);
    const row = await credentialOf(unit, credentialId);
    refuseOtherVersion(row, expected, "credential");
    const { value } = row;
    const next = { ...value, name: name ?? value.name, toolsets: toolsets ?? value.toolsets };
    return viewOf(unit.update(credential, row, next), now);
  },
});
