import { decodedRow } from "../../../registry/unit.ts";
import { workspace } from "../../../registry/workspace.ts";
import type { Role } from "../people/role.ts";
import type { Parts } from "./parts.ts";

/** A workspace that somebody belongs to. */
export type Belonging = { readonly id: string; readonly name: string; readonly role: Role };

const shownMax = 100;

/** The workspaces of a user, at most 100. @throws Failure unavailable */
export async function belongingsOf({ engines, members }: Parts, user: string): Promise<readonly Belonging[]> {
  const roles = [...(await members.rolesOf(user))].slice(0, shownMax);
  return Promise.all(
    roles.map(async ([id, role]) => {
      const stored = await engines.store.records.get(id, workspace.kind, id);
      return { id, role, name: stored === undefined ? id : decodedRow(workspace, stored).value.name };
    }),
  );
}
