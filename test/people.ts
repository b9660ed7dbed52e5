import assert from "node:assert/strict";
import { Secret } from "../src/kernel/secret.ts";
import { member } from "../src/planes/account/people/member.ts";
import { hashOf } from "../src/planes/account/people/password.ts";
import type { Role } from "../src/planes/account/people/role.ts";
import type { UserRow } from "../src/planes/account/people/user.ts";
import { users } from "../src/planes/account/people/users.ts";
import type { Engines } from "../src/registry/engines.ts";
import { unitOfWork } from "../src/registry/unit.ts";

type Stores = Pick<Engines, "store" | "vault" | "clock">;

/** Of every person that a test makes. */
export const examplePassword = "EXAMPLE correct horse";

/** Hashes take time: one for everybody. */
let exampleHash: Promise<Secret> | undefined;

/** Somebody who has `examplePassword`, or none. */
export async function addPerson(
  engines: Stores,
  name: string,
  given?: { readonly password: null },
): Promise<UserRow> {
  const value = { name, email: `${name.toLowerCase()}@example.com`, external: null };
  exampleHash ??= hashOf(new Secret(examplePassword));
  const password = given === undefined ? await exampleHash : given.password;
  return users(engines).create(value, password, { operation: "create_user" });
}

/** Makes somebody a member, past all rules; answers the id of the membership. */
export async function addMember(
  engines: Stores,
  { workspace, user, role }: { readonly workspace: string; readonly user: string; readonly role: Role },
): Promise<string> {
  const at = engines.clock.now();
  const unit = unitOfWork(workspace, at, engines);
  const { id } = unit.create(member, { user, role });
  const { changes, ...written } = unit.written();
  assert.equal(changes.length, 1);
  const actor = { kind: "system", id: "test" } as const;
  await engines.store.commit({ ...written, workspace, at, actor, operation: "join", audit: null });
  return id;
}
