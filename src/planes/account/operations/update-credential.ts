import { change } from "../../../registry/operation.ts";
import { CredentialView, viewOf } from "../credentials/credential-view.ts";
import { revised, revision } from "../credentials/revised.ts";
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
  input: revision,
  output: CredentialView,
  async run(input, { unit, now, principal }) {
    refuseConfined(principal, credentialsHint);
    const row = await credentialOf(unit, input.credentialId);
    return viewOf(revised(unit, row, input), now);
  },
});
