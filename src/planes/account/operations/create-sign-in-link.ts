import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";
import { act } from "../../../registry/operation.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { heldOwner } from "../people/held-owner.ts";
import { member, type MemberRow } from "../people/member.ts";
import { memberById, rankOf } from "../people/rank.ts";
import type { Role } from "../people/role.ts";
import { linkHours, newSignInLink } from "../people/sign-in-link.ts";
import { users } from "../people/users.ts";

export const createSignInLink = act({
  name: "create_sign_in_link",
  title: "Create a sign-in link",
  does: `Makes a link that signs a member in once, within ${linkHours} hours, for one who lost the password; hand it over yourself. Owners make one for anybody, admins for members and viewers.`,
  verb: "POST",
  path: "/members/:memberId/sign-in-link",
  scope: "members:write",
  reach: "people",
  destructive: false,
  input: z.object({ memberId: z.string().max(100) }),
  output: z.object({ link: z.string().describe("Shown this once."), expiresAt: z.iso.datetime() }),
  async plan({ memberId }, context) {
    const row = await memberById(context, memberId);
    await requireOverAll(context, row);
    const person = await users(context).byId(row.value.user);
    if (person === undefined)
      throw new Failure("not_found", "This member is no user.", { pointer: "/memberId" });
    return person;
  },
  preview: (_person, { settings, now }) => ({
    link: `${settings.publicUrl}/sign-in/link/…`,
    expiresAt: new Date(now + linkHours * 3_600_000).toISOString(),
  }),
  async perform(person, context) {
    const { actor } = context.principal;
    const { link, expiresAt } = await newSignInLink(context, person, {
      actor,
      membership: {
        workspace: context.workspace,
        user: await heldOwner(context),
        role: await rankOf(context),
      },
    });
    return { link: link.reveal(), expiresAt: new Date(expiresAt).toISOString() };
  },
});

/**
 * Whoever has a link of somebody can be them, in every workspace of theirs: it takes as much to make one.
 *
 * @throws Failure forbidden
 */
async function requireOverAll(context: Context, { workspace, value }: MemberRow): Promise<void> {
  if (!outranks(await rankOf(context), value.role))
    throw new Failure("forbidden", "Owners make links for anybody, admins for members and viewers.", {
      pointer: "/memberId",
      hint: "Ask an owner, signed in or with a personal key.",
    });
  for (const [elsewhere, role] of await rolesOf(context, value.user)) {
    if (elsewhere === workspace) continue;
    const own = (await roleIn(context, elsewhere, context.principal.actor.id)) ?? "viewer";
    if (!outranks(own, role))
      throw new Failure(
        "forbidden",
        "This person belongs to another workspace too, where you may not do this.",
        {
          pointer: "/memberId",
          hint: "Whoever runs the server can make a link with `sluice sign-in-link`.",
        },
      );
  }
}

function outranks(rank: Role, role: Role): boolean {
  return rank === "owner" || (rank === "admin" && (role === "member" || role === "viewer"));
}

const pageSize = 1_000;

/** Asked of the store: a membership that was given a moment ago counts. */
async function rolesOf({ store }: Context, user: string): Promise<ReadonlyMap<string, Role>> {
  const roles = new Map<string, Role>();
  let after: string | undefined;
  do {
    const page = await store.records.every(member.kind, {
      limit: pageSize,
      ...(after !== undefined && { after }),
    });
    for (const stored of page) {
      const row = decodedRow(member, stored);
      if (row.value.user === user) roles.set(row.workspace, row.value.role);
    }
    after = page.length === pageSize ? page.at(-1)?.id : undefined;
  } while (after !== undefined);
  return roles;
}

async function roleIn({ store }: Context, workspace: string, user: string): Promise<Role | undefined> {
  const stored = await store.records.byKey(workspace, member.kind, "user", user);
  return stored && decodedRow(member, stored).value.role;
}
