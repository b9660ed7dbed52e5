import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { change } from "../../../registry/operation.ts";
import { apiKey } from "../api-key.ts";
import { ApiKeyView, viewOf } from "../api-key-view.ts";

export const revokeApiKey = change({
  name: "revoke_api_key",
  title: "Revoke an API key",
  does: "Revokes an API key at once and for good. Revoking a revoked key changes nothing.",
  verb: "DELETE",
  path: "/api-keys/:keyId",
  scope: "api-keys:write",
  reach: "people",
  destructive: true,
  undoNone: "a revoked key may have leaked",
  input: z.object({ keyId: z.string().max(100) }),
  output: ApiKeyView,
  async run({ keyId }, { unit, now }) {
    const row = await unit.get(apiKey, keyId);
    if (row === undefined)
      throw new Failure("not_found", "No such API key.", {
        pointer: "/keyId",
        hint: "list_api_keys shows the ids; they begin with key_.",
      });
    if (row.value.revokedAt !== null) return viewOf(row, now, undefined);
    return viewOf(unit.update(apiKey, row, { ...row.value, revokedAt: now }), now, undefined);
  },
});
