import { z } from "zod";
import { change } from "../../../registry/operation.ts";
import { CredentialView, viewOf } from "../credential-view.ts";
import { noCredential, credentialOf, revoked } from "../revoked.ts";

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
  input: z.object({ credentialId: z.string().max(100) }),
  output: CredentialView,
  async run({ credentialId }, { unit, principal, now }) {
    const row = await credentialOf(unit, credentialId);
    if (row.value.owner !== principal.actor.id) throw noCredential();
    return viewOf(revoked(unit, row, now), now);
  },
});
