import type { StoredRecord } from "../../../engines/store/store.ts";
import type { Scopes } from "../../../kernel/principal.ts";
import type { Engines } from "../../../registry/engines.ts";
import { liveRecords } from "../../../registry/live-records.ts";
import { isStale, readThrough } from "../../../registry/read-through.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { member, type MemberRow } from "./member.ts";
import { scopesOf, type Role } from "./role.ts";

export type LiveMembers = {
  /** A user's role in each of their workspaces. @throws Failure unavailable */
  rolesOf(user: string): Promise<ReadonlyMap<string, Role>>;
  /** What a user may do in each of their workspaces. @throws Failure unavailable */
  scopesOf(user: string): Promise<ReadonlyMap<string, Scopes>>;
};

/** Who is a member of what, in memory: asked with every call of a person. */
export async function liveMembers({ store, catalogue }: Engines): Promise<LiveMembers> {
  const byId = new Map<string, MemberRow>();
  const byUser = new Map<string, Map<string, Role>>();

  function apply(stored: StoredRecord): void {
    const earlier = byId.get(stored.id);
    if (earlier !== undefined) byUser.get(earlier.value.user)?.delete(earlier.workspace);
    byId.delete(stored.id);
    if (stored.deletedAt !== null) return;
    const row = decodedRow(member, stored);
    byId.set(row.id, row);
    const roles = byUser.get(row.value.user) ?? new Map<string, Role>();
    byUser.set(row.value.user, roles.set(row.workspace, row.value.role));
  }

  /** A part that was given elsewhere in these seconds is missed; one that was taken away is not. */
  async function rolesNow(user: string): Promise<ReadonlyMap<string, Role>> {
    const candidates = [...(byUser.get(user)?.keys() ?? [])];
    const rows = await readThrough(() =>
      Promise.all(candidates.map((workspace) => store.records.byKey(workspace, member.kind, "user", user))),
    );
    return new Map(
      rows
        .filter((stored) => stored !== undefined)
        .map((stored) => [stored.workspace, decodedRow(member, stored).value.role]),
    );
  }

  await liveRecords(store, member.kind, apply);
  const rolesOf = async (user: string): Promise<ReadonlyMap<string, Role>> =>
    isStale(store) ? rolesNow(user) : (byUser.get(user) ?? new Map());
  return {
    rolesOf,
    async scopesOf(user) {
      const roles = await rolesOf(user);
      return new Map([...roles].map(([workspace, role]) => [workspace, scopesOf(role, catalogue)]));
    },
  };
}
