import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { change } from "../../../registry/operation.ts";
import { apiKey, keptOf, newApiKey, unrevokedKeys } from "../api-key.ts";
import { ApiKeyView, viewOf } from "../api-key-view.ts";
import { liveKeys } from "../live-keys.ts";

const dayMs = 24 * 3_600_000;

export const createApiKey = change({
  name: "create_api_key",
  title: "Create an API key",
  does: "Creates an API key that carries every scope of the workspace. The key is in the answer and never shown again.",
  verb: "POST",
  path: "/api-keys",
  scope: "api-keys:write",
  reach: "people",
  destructive: false,
  undoNone: "the key was shown",
  input: z.object({
    name: z.string().trim().min(1).max(100).describe("What the key is for."),
    expiresInDays: z
      .union([z.literal(30), z.literal(60), z.literal(90), z.literal(365)])
      .nullable()
      .default(90)
      .describe("30, 60, 90 or 365 days; null = never."),
  }),
  output: ApiKeyView.extend({ key: z.string().describe("Shown this once.") }),
  async run({ name, expiresInDays }, { unit, principal, plan, now }) {
    const unrevoked = await liveKeys(unit);
    if (unrevoked.length >= plan.apiKeysMax)
      throw new Failure("quota_exceeded", `The plan "${plan.name}" allows ${plan.apiKeysMax} API keys.`, {
        hint: "Revoke a key that is no longer used.",
      });
    unit.limit(apiKey, plan.apiKeysMax, unrevokedKeys);
    const key = newApiKey();
    const row = unit.create(apiKey, {
      name,
      user: principal.actor.id,
      ...keptOf(key),
      expiresAt: expiresInDays === null ? null : now + expiresInDays * dayMs,
      revokedAt: null,
    });
    return { ...viewOf(row, now, undefined), key: key.reveal() };
  },
});
