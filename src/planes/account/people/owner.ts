import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { plainChange } from "../../../registry/plain-change.ts";
import { serverScope, workspace } from "../../../registry/workspace.ts";
import { member } from "./member.ts";
import { newSignInLink } from "./sign-in-link.ts";
import { user } from "./user.ts";
import { canSignIn, users } from "./users.ts";

/** Given once, so that of processes that start at once one makes the first user. */
export const firstUser = "usr_first";

/**
 * Makes the first user the owner of the first workspace on a server that nobody is a member of. Answers a one-time link
 * for them as long as they have no other way to sign in.
 */
export async function firstOwner(
  engines: Pick<Engines, "store" | "vault" | "clock" | "settings">,
): Promise<Secret | undefined> {
  const { store, clock } = engines;
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
  const person = await users(engines).byId(firstUser);
  if (person === undefined || canSignIn(person)) return undefined;
  const maker = { actor: { kind: "system", id: "first-start" }, membership: null } as const;
  return (await newSignInLink(engines, person, maker)).link;
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
