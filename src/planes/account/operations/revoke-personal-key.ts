import { refuseOtherVersion } from "../../../registry/expected-version.ts";
import { change } from "../../../registry/operation.ts";
import { CredentialView, viewOf } from "../credentials/credential-view.ts";
import { ownKeyOf, revocation, revoked } from "../credentials/revoked.ts";

export const revokePersonalKey = change({
  name: "revoke_personal_key",
  title: "Revoke a personal key",
  does: "Revokes one of your personal keys at once and for good. Revoking a revoked one changes nothing.",
  verb: "DELETE",
  path: "/personal-keys/:credentialId",
  scope: "self:write",
  of: "person",
  reach: "people",
  destructive: true,
  undoNone: "a revoked credential may have leaked",
  input: revocation,
  output: CredentialView,
  async run({ credentialId: id, expectedVersion: expected }, { unit, principal, now }) {
    const row = await ownKeyOf({ unit, principal, id });
    refuseOtherVersion(row, expected, "key");
    return viewOf(revoked(unit, row, now), now);
  },
});
