import { z } from "zod";
import type { CredentialRow } from "./credential.ts";
import { StoredKind, Toolset } from "./credential-form.ts";

export const CredentialView = z.object({
  id: z.string(),
  kind: StoredKind,
  name: z.string(),
  start: z.string().describe("The first characters, to tell it from others."),
  state: z.enum(["active", "expired", "revoked"]),
  scopes: z.array(z.string()).nullable().describe("null = every scope, or all that its user has."),
  environment: z.string().nullable().describe("null = all."),
  buckets: z.array(z.string()).nullable().describe("null = all."),
  toolsets: z.array(Toolset).describe("Whose tools it lists over MCP unless asked for others."),
  owner: z.string().describe("The user whose it is: they made it, or another credential of theirs did."),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  lastUsedBy: z.string().nullable().describe("What the last client called itself."),
  version: z.int(),
});

export const Use = z.object({ at: z.int(), client: z.string() });

export function viewOf(
  { id, createdAt, version, value }: CredentialRow,
  now: number,
  use?: z.output<typeof Use>,
): z.output<typeof CredentialView> {
  const { hash: _, start, expiresAt, revokedAt, ...shown } = value;
  const expired = expiresAt !== null && expiresAt <= now;
  return {
    id,
    ...shown,
    start: `${start}…`,
    state: revokedAt !== null ? "revoked" : expired ? "expired" : "active",
    createdAt: iso(createdAt),
    expiresAt: expiresAt === null ? null : iso(expiresAt),
    revokedAt: revokedAt === null ? null : iso(revokedAt),
    lastUsedAt: use === undefined ? null : iso(use.at),
    lastUsedBy: use === undefined || use.client === "" ? null : use.client,
    version,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
