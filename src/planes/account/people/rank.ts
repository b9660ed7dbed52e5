import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { member, type MemberRow } from "./member.ts";
import type { Role } from "./role.ts";

/**
 * What a caller counts as where it matters who somebody is. A credential that acts as no person counts as an admin,
 * whatever its scopes: an admin can make one, and must not become an owner by it.
 *
 * @throws Failure forbidden when a person is no member
 */
export async function rankOf({ unit, principal }: Pick<Context, "unit" | "principal">): Promise<Role> {
  if (principal.actor.kind !== "user") return "admin";
  const own = await unit.byKey(member, "user", principal.actor.id);
  if (own !== undefined) return own.value.role;
  throw new Failure("forbidden", "You are not a member of this workspace.", {
    hint: "Ask for an invitation.",
  });
}

/** @throws Failure forbidden unless who counts as `rank` may give, change or take this role */
export function requireRank(rank: Role, role: Role, pointer: string): void {
  if (rank === "owner" || role !== "owner") return;
  throw new Failure("forbidden", "Only an owner decides who is an owner.", {
    pointer,
    hint: "Ask an owner, signed in or with a personal key.",
  });
}

/** @throws Failure not_found */
export async function memberById({ unit }: Pick<Context, "unit">, id: string): Promise<MemberRow> {
  const row = await unit.get(member, id);
  if (row !== undefined) return row;
  throw new Failure("not_found", "No such member.", {
    pointer: "/memberId",
    hint: "list_members shows the ids; they begin with mem_.",
  });
}

/**
 * To be called before an owner becomes something else or leaves. Another owner is written with it as they are: if they
 * leave at the same moment, one of the two decides again and finds that it is about the last.
 *
 * @throws Failure conflict when there would be none
 */
export async function keepAnOwner({ unit }: Pick<Context, "unit">, leaving: MemberRow): Promise<void> {
  if (leaving.value.role !== "owner") return;
  const owners = await unit.find(member, { where: { role: "owner" }, limit: 2 });
  const other = owners.find(({ id }) => id !== leaving.id);
  if (other === undefined)
    throw new Failure("conflict", "A workspace has at least one owner, and this is the last.", {
      hint: "Make somebody else an owner first.",
    });
  unit.update(member, other, other.value);
}
