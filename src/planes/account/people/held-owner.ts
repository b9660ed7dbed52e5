import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { credential } from "../credentials/credential.ts";
import { member } from "./member.ts";
import { isLower } from "./role.ts";

/**
 * Whose it is what a call makes that lets somebody in: the user who calls, or whose the calling credential is. So it ends
 * with their membership through whatever it was made. They, or the credential, are held to be as they are now: what is
 * under way when they go is not made.
 *
 * @throws Failure forbidden for who was an admin, or a credential that held, when the call began
 */
export async function heldOwner({ unit, principal }: Pick<Context, "unit" | "principal">): Promise<string> {
  const { kind, id } = principal.actor;
  if (kind === "user") {
    const own = await unit.byKey(member, "user", id);
    if (own === undefined)
      throw new Failure("forbidden", "You are not a member of this workspace.", {
        hint: "Ask for an invitation.",
      });
    if (isLower(own.value.role, "admin"))
      throw new Failure("forbidden", "Members and viewers let nobody in.", {
        hint: "Ask an admin or an owner.",
      });
    unit.hold(member, own);
    return id;
  }
  const by = await unit.get(credential, id);
  if (by === undefined) return id;
  if (by.value.revokedAt !== null)
    throw new Failure("forbidden", "This credential was revoked.", { hint: "Use one that was not." });
  unit.hold(credential, by);
  return by.value.owner;
}
