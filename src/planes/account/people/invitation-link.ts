import { randomBytes } from "node:crypto";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import { fingerprint, Secret } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { decodedRow, unitOfWork } from "../../../registry/unit.ts";
import { invitation, standingOf, type InvitationRow } from "./invitation.ts";
import { member, membersMax } from "./member.ts";

/** Below the address of the server. */
export const invitationPath = "/invitations/";

/** What a new link ends in, and what is kept of it. */
export function newInvitationToken(publicUrl: string): { readonly link: Secret; readonly hash: string } {
  const token = randomBytes(32).toString("base64url");
  return { link: new Secret(`${publicUrl}${invitationPath}${token}`), hash: fingerprint(token) };
}

/** @throws Failure not_found when the link is over: accepted, revoked, expired, or never made */
export async function invitationOf(
  { store, clock }: Pick<Engines, "store" | "clock">,
  token: string,
): Promise<InvitationRow> {
  const stored = await store.records.byGlobalKey(invitation.kind, "hash", fingerprint(token));
  const found = stored && decodedRow(invitation, stored);
  if (found === undefined || standingOf(found, clock.now()) !== "open") throw over();
  return found;
}

/**
 * Makes a user a member. Of two who accept at the same moment one is refused.
 *
 * @throws Failure not_found when the invitation is over; conflict when the user is a member already
 */
export async function acceptInvitation(
  engines: Pick<Engines, "store" | "clock" | "vault">,
  { id, workspace }: InvitationRow,
  user: string,
): Promise<void> {
  const { store, clock } = engines;
  const at = clock.now();
  const unit = unitOfWork(workspace, at, engines);
  const row = await unit.get(invitation, id);
  if (row === undefined || standingOf(row, at) !== "open") throw over();
  if ((await unit.byKey(member, "user", user)) !== undefined)
    throw new Failure("conflict", "You are a member of this workspace already.");
  if ((await unit.count(member)) >= membersMax)
    throw new Failure("quota_exceeded", `A workspace has at most ${membersMax} members.`);
  const { email, role } = row.value;
  unit.create(member, { user, role });
  unit.limit(member, membersMax);
  unit.update(invitation, row, { ...row.value, acceptedBy: user });
  const { changes, ...written } = unit.written();
  const subjects = [user, ...changes.map((change) => change.id)];
  try {
    await store.commit({
      ...written,
      workspace,
      at,
      actor: { kind: "user", id: user },
      operation: "accept_invitation",
      audit: { id: newId("aud"), subjects, detail: { email, role } },
    });
  } catch (error) {
    throw error instanceof Failure && error.kind === "conflict" ? over() : error;
  }
}

function over(): Failure {
  return new Failure(
    "not_found",
    "This invitation is over: it was accepted, replaced, revoked, or is too old.",
    {
      hint: "Ask who invited you for a new one.",
    },
  );
}
