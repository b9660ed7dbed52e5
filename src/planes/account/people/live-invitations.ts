import type { Engines } from "../../../registry/engines.ts";
import { liveRecords } from "../../../registry/live-records.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { invitation, standingOf, type InvitationRow } from "./invitation.ts";

/** Invitations of an email, whichever workspace they are to, that are open at this moment. */
export type LiveInvitations = (email: string) => readonly InvitationRow[];

/** In memory: which workspaces have invited somebody is otherwise known to each of them alone. */
export async function liveInvitations({
  store,
  clock,
}: Pick<Engines, "store" | "clock">): Promise<LiveInvitations> {
  const byId = new Map<string, InvitationRow>();
  const byEmail = new Map<string, Set<InvitationRow>>();

  function forget(id: string): void {
    const earlier = byId.get(id);
    if (earlier === undefined) return;
    byId.delete(id);
    const others = byEmail.get(earlier.value.email);
    others?.delete(earlier);
    if (others?.size === 0) byEmail.delete(earlier.value.email);
  }

  await liveRecords(store, invitation.kind, (stored) => {
    forget(stored.id);
    if (stored.deletedAt !== null) return;
    const row = decodedRow(invitation, stored);
    if (standingOf(row, clock.now()) !== "open") return;
    byId.set(row.id, row);
    const known = byEmail.get(row.value.email) ?? new Set();
    byEmail.set(row.value.email, known.add(row));
  });
  return (email) => [...(byEmail.get(email) ?? [])].filter((row) => standingOf(row, clock.now()) === "open");
}
