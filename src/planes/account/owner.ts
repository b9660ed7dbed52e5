import { Failure } from "../../kernel/failure.ts";
import { newId } from "../../kernel/id.ts";
import type { Engines } from "../../registry/engines.ts";
import { plainChange } from "../../registry/plain-change.ts";
import { decodedRow } from "../../registry/unit.ts";
import { serverScope, workspace } from "../../registry/workspace.ts";
import { member } from "./member.ts";
import { user } from "./user.ts";

/** Given once, so that of processes that start at once one makes the first user. */
export const firstUser = "usr_first";

/**
 * Makes the first user the owner of the first workspace on a server that nobody is a member of. Answers their id until
 * they have a way to sign in, since they need a link until then.
 */
export async function firstOwner({
  store,
  clock,
}: Pick<Engines, "store" | "clock">): Promise<string | undefined> {
  const [first] = await store.records.every(workspace.kind, { limit: 1 });
  if (first === undefined) return undefined;
  if ((await store.records.every(member.kind, { limit: 1 })).length === 0) {
    const owner = { user: firstUser, role: "owner" } as const;
    const places = { keys: member.keys(owner), indexes: member.indexes(owner) };
    const at = clock.now();
    const value = { name: "owner", email: null, external: null };
    await make(store, at, serverScope, { kind: user.kind, id: firstUser, value });
    await make(store, at, first.id, { kind: member.kind, id: "mem_first", value: owner, ...places });
  }
  const stored = await store.records.get(serverScope, user.kind, firstUser);
  if (stored === undefined) return undefined;
  const { sealed, value } = decodedRow(user, stored);
  return sealed["password"] === undefined && value.external === null ? firstUser : undefined;
}

async function make(
  store: Engines["store"],
  at: number,
  scope: string,
  record: Parameters<typeof plainChange>[0],
): Promise<void> {
  try {
    await store.commit({
      workspace: scope,
      at,
      actor: { kind: "system", id: "first-start" },
      operation: "first_start",
      records: [plainChange(record)],
      entries: [],
      outbox: [],
      audit: { id: newId("aud"), subjects: [record.id], detail: {} },
    });
  } catch (error) {
    // Another process made it, or made it and removed it since.
    if (!(error instanceof Failure) || error.kind !== "conflict") throw error;
  }
}
