import { newId } from "../../kernel/id.ts";
import type { Engines } from "../../registry/engines.ts";
import { firstPlaces } from "../../registry/environment.ts";
import { plainChange } from "../../registry/plain-change.ts";
import { selfHosted, workspace } from "../../registry/workspace.ts";
import { member } from "./people/member.ts";

/**
 * Makes a workspace with its environments and its owner, in one commit.
 *
 * @throws Failure conflict when there is one of the id
 */
export async function newWorkspace(
  { store, clock }: Pick<Engines, "store" | "clock">,
  { id, name, owner }: { readonly id: string; readonly name: string; readonly owner: string },
): Promise<void> {
  const first = { user: owner, role: "owner" } as const;
  const memberId = newId(member.prefix);
  await store.commit({
    workspace: id,
    at: clock.now(),
    actor: { kind: "user", id: owner },
    operation: "create_workspace",
    records: [
      plainChange({ kind: workspace.kind, id, value: { name, plan: selfHosted } }),
      plainChange({
        kind: member.kind,
        id: memberId,
        value: first,
        keys: member.keys(first),
        indexes: member.indexes(first),
      }),
      ...firstPlaces(),
    ],
    entries: [],
    outbox: [],
    audit: { id: newId("aud"), subjects: [id, memberId, owner], detail: { name } },
  });
}
