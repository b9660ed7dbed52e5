import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Store } from "../../../engines/store/store.ts";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import type { Actor } from "../../../kernel/principal.ts";
import { fingerprint, Secret } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { member } from "./member.ts";
import { isLower, Role } from "./role.ts";
import type { UserRow } from "./user.ts";
import { users, type Given } from "./users.ts";

const hourMs = 3_600_000;
export const linkHours = 24;
const collection = "sign_in_link";

const Membership = z.object({ workspace: z.string(), user: z.string(), role: Role });
const Kept = z.object({ user: z.string(), version: z.int(), madeAs: Membership.nullable() });

/** Who makes a link, and the membership by which they may; null = whoever runs the server. */
export type Maker = { readonly actor: Actor; readonly membership: z.output<typeof Membership> | null };

/** Below the address of the server. */
export const linkPath = "/sign-in/link/";

/**
 * Makes a link that signs this user in once, within 24 hours. It is over before that when anything of the user is changed:
 * whoever has set a new password need not fear older links. It is also over when who made it is no member any more, or has a lower role.
 */
export async function newSignInLink(
  { store, clock, settings }: Pick<Engines, "clock" | "settings"> & { readonly store: Pick<Store, "commit"> },
  { id, version }: Pick<UserRow, "id" | "version">,
  { actor, membership }: Maker,
): Promise<{ readonly link: Secret; readonly expiresAt: number }> {
  const token = randomBytes(32).toString("base64url");
  const at = clock.now();
  const expiresAt = at + linkHours * hourMs;
  const value = { user: id, version, madeAs: membership };
  await store.commit({
    workspace: serverScope,
    at,
    actor,
    operation: "create_sign_in_link",
    records: [],
    entries: [{ collection, key: fingerprint(token), value, expiresAt, mustBeNew: true }],
    outbox: [],
    audit: { id: newId("aud"), subjects: [id], detail: { expiresAt } },
  });
  return { link: new Secret(`${settings.publicUrl}${linkPath}${token}`), expiresAt };
}

/** Whom a link is for. @throws Failure not_found when it is over, was used, or never was */
export async function userOfLink(
  engines: Pick<Engines, "store" | "vault" | "clock">,
  token: string,
): Promise<UserRow> {
  const kept = await engines.store.entries.get(serverScope, collection, fingerprint(token));
  const { data } = Kept.safeParse(kept);
  if (data === undefined || !(await isHeld(engines, data.madeAs))) throw over();
  const found = await users(engines).byId(data.user);
  if (found === undefined || found.version !== data.version) throw over();
  return found;
}

async function isHeld({ store }: Pick<Engines, "store">, madeAs: Maker["membership"]): Promise<boolean> {
  if (madeAs === null) return true;
  const stored = await store.records.byKey(madeAs.workspace, member.kind, "user", madeAs.user);
  return stored !== undefined && !isLower(decodedRow(member, stored).value.role, madeAs.role);
}

/**
 * Uses a link up, by changing its user: whatever is changed, no link of theirs is good afterwards, and of two who use one
 * at the same moment one is refused.
 *
 * @throws Failure not_found when it is over; conflict at /email when that is taken
 */
export async function useLink(
  engines: Pick<Engines, "store" | "vault" | "clock">,
  token: string,
  given: Given,
): Promise<UserRow> {
  const found = await userOfLink(engines, token);
  try {
    return await users(engines).update(found, given, { operation: "use_sign_in_link" });
  } catch (error) {
    const moved = error instanceof Failure && error.kind === "conflict" && error.detail.pointer === undefined;
    throw moved ? over() : error;
  }
}

function over(): Failure {
  return new Failure("not_found", "This link is over: it was used already, replaced, or is too old.", {
    hint: "Ask for a new one.",
  });
}
