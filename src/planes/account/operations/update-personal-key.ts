import { change } from "../../../registry/operation.ts";
import { CredentialView, viewOf } from "../credentials/credential-view.ts";
import { revised, revision } from "../credentials/revised.ts";
import { ownKeyOf } from "../credentials/revoked.ts";

export const updatePersonalKey = change({
  name: "update_personal_key",
  title: "Update a personal key",
  does: "Renames one of your personal keys or changes whose tools it lists over MCP. What it may do is what you may.",
  verb: "PATCH",
  path: "/personal-keys/:credentialId",
  scope: "self:write",
  of: "person",
  reach: "people",
  destructive: false,
  undoNone: "what is yours alone is in no workspace",
  input: revision,
  output: CredentialView,
  async run(input, { unit, principal, now }) {
    const row = await ownKeyOf({ unit, principal, id: input.credentialId });
    return viewOf(revised(unit, row, input), now);
  },
});
