import { Failure } from "../../../kernel/failure.ts";
import { CreatedCredential } from "../credentials/new-credential.ts";
import { createPersonalKey } from "../operations/create-personal-key.ts";
import { revokeConnectedClient } from "../operations/revoke-connected-client.ts";
import { revokePersonalKey } from "../operations/revoke-personal-key.ts";
import { updateConnectedClient } from "../operations/update-connected-client.ts";
import { account } from "./account-view.ts";
import { ownCall } from "./own-calls.ts";
import { ownPage } from "./own-page.ts";
import type { PageAt } from "./page-route.ts";
import { chosenToolsets } from "./toolset-fields.ts";
import type { Parts } from "./parts.ts";
import { lifetimes } from "./personal-keys-section.ts";

/** Forms of `/account` about what acts for a person: their keys, and the clients they connected. */
export function accessPages(parts: Parts): readonly PageAt[] {
  const page = ownPage(parts);
  return [
    page("/account/keys", async (own) => {
      const { form } = own.request;
      const expires = lifetimes.find(([days]) => String(days ?? "") === form("expires"));
      const toolsets = chosenToolsets(form);
      const input = {
        name: form("name"),
        expiresInDays: expires === undefined ? 0 : expires[0],
        ...(toolsets.length > 0 && { toolsets: [...toolsets] }),
      };
      const made = await ownCall(parts, own, { of: createPersonalKey, input });
      return account(parts, own, { created: CreatedCredential.parse(made).secret });
    }),
    page("/account/keys/revoke", async (own) => {
      await ownCall(parts, own, {
        of: revokePersonalKey,
        input: { credentialId: own.request.form("key") },
      });
      return account(parts, own, { done: "That key is revoked." });
    }),
    page("/account/connections/tools", async (own) => {
      const { form } = own.request;
      const toolsets = [...chosenToolsets(form)];
      if (toolsets.length === 0)
        throw new Failure("invalid", "Nothing is ticked.", { hint: "Choose whose tools it is shown." });
      await ownCall(parts, own, {
        of: updateConnectedClient,
        input: { connectionId: form("connection"), workspaceId: form("workspace"), toolsets },
      });
      return account(parts, own, { done: "The tools of that client are changed." });
    }),
    page("/account/connections/end", async (own) => {
      const { form } = own.request;
      await ownCall(parts, own, {
        of: revokeConnectedClient,
        input: { connectionId: form("connection"), workspaceId: form("workspace") },
      });
      return account(parts, own, { done: "That client is disconnected." });
    }),
  ];
}
