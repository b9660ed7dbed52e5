import { z } from "zod";
import { resource, type Row } from "../../../registry/resource.ts";
import { Role } from "./role.ts";

export const invitationDays = 7;

/** Open at once in one workspace, and listed. */
export const invitationsMax = 500;

/** The index of invitations that were neither accepted nor revoked; one may be too old all the same. */
export const openInvitations = { standing: "open" } as const;

/** Who has the link may become a member, once. */
export const invitation = resource({
  kind: "invitation",
  prefix: "inv",
  shape: z.object({
    /** In lower case: whom it is for. */
    email: z.string(),
    role: Role,
    /** SHA-256 of what the link ends in, hex. */
    hash: z.string(),
    /** The user whose it is: they made it, or a credential of theirs did. */
    by: z.string(),
    expiresAt: z.int(),
    /** The user who accepted it. */
    acceptedBy: z.string().nullable(),
    revokedAt: z.int().nullable(),
  }),
  masked: ["hash"],
  globalKeys: ({ hash }) => ({ hash }),
  indexes: ({ acceptedBy, revokedAt, by }) =>
    acceptedBy === null && revokedAt === null ? { ...openInvitations, by } : {},
});

export type InvitationRow = Row<(typeof invitation)["shape"]>;

/** What became of it. */
export function standingOf({ value }: InvitationRow, now: number) {
  if (value.acceptedBy !== null) return "accepted";
  if (value.revokedAt !== null) return "revoked";
  return value.expiresAt <= now ? "expired" : "open";
}
