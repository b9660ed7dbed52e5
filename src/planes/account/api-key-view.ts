import { z } from "zod";
import type { ApiKeyRow } from "./api-key.ts";

export const ApiKeyView = z.object({
  id: z.string(),
  name: z.string(),
  start: z.string().describe("The first characters of the key."),
  state: z.enum(["active", "expired", "revoked"]),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  lastUsedBy: z.string().nullable().describe("What the last client called itself."),
});

export const Use = z.object({ at: z.int(), client: z.string() });

export function viewOf(
  { id, createdAt, value }: ApiKeyRow,
  now: number,
  use: z.output<typeof Use> | undefined,
): z.output<typeof ApiKeyView> {
  const { name, start, expiresAt, revokedAt } = value;
  const expired = expiresAt !== null && expiresAt <= now;
  return {
    id,
    name,
    start: `${start}…`,
    state: revokedAt !== null ? "revoked" : expired ? "expired" : "active",
    createdAt: iso(createdAt),
    expiresAt: expiresAt === null ? null : iso(expiresAt),
    revokedAt: revokedAt === null ? null : iso(revokedAt),
    lastUsedAt: use === undefined ? null : iso(use.at),
    lastUsedBy: use === undefined || use.client === "" ? null : use.client,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
