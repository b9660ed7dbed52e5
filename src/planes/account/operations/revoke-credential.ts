import { refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { CredentialView, viewOf } from "../credentials/credential-view.ts";
import { credentialOf, revocation, revoked } from "../credentials/revoked.ts";
import { credentialsHint, refuseConfined } from "../refuse-confined.ts";

export const revokeCredential = change({
  name: "revoke_credential",
  title: "Revoke a credential",
  does: "Revokes an API key, MCP token or management token at once and for good. Revoking a revoked one changes nothing.",
  verb: "DELETE",
  path: "/credentials/:credentialId",
  scope: "credentials:write",
  reach: "people",
  destructive: true,
  undoNone: "a revoked credential may have leaked",
  input: revocation,
  output: CredentialView,
  async run({ credentialId, expectedVersion: expected }, { unit, now, principal }) {
    refuseConfined(principal, credentialsHint);
    const row = await credentialOf(unit, credentialId);
    refuseOtherVersion(row, expected, "credential");
    return viewOf(revoked(unit, row, now), now);
  },
});
