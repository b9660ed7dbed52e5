import { z } from "zod";
import { standingOf, type InvitationRow } from "./invitation.ts";
import { Role } from "./role.ts";

export const InvitationView = z.object({
  id: z.string(),
  email: z.string(),
  role: Role,
  state: z.enum(["open", "accepted", "revoked", "expired"]),
  by: z.string().describe("The user whose it is: they made it, or a credential of theirs did."),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  version: z.int(),
});

export function invitationView(row: InvitationRow, now: number): z.output<typeof InvitationView> {
  const { id, createdAt, value, version } = row;
  const { email, role, by, expiresAt } = value;
  const [created, expires] = [createdAt, expiresAt].map((at) => new Date(at).toISOString());
  return {
    id,
    email,
    role,
    by,
    state: standingOf(row, now),
    createdAt: created ?? "",
    expiresAt: expires ?? "",
    version,
  };
}
