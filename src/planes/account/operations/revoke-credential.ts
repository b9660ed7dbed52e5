import { z } from "zod";
import { change } from "../../../registry/operation.ts";
import { CredentialView, viewOf } from "../credential-view.ts";
import { credentialOf, revoked } from "../revoked.ts";

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
  input: z.object({ credentialId: z.string().max(100) }),
  output: CredentialView,
  async run({ credentialId }, { unit, now }) {
    return viewOf(revoked(unit, await credentialOf(unit, credentialId), now), now);
  },
});
