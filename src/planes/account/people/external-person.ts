import type { Vouched } from "../../../engines/federation/federation.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { Engines } from "../../../registry/engines.ts";
import { acceptInvitation } from "./invitation-link.ts";
import type { InvitationRow } from "./invitation.ts";
import type { LiveInvitations } from "./live-invitations.ts";
import type { Sessions } from "./sessions.ts";
import type { UserRow } from "./user.ts";
import { Email, hasPassword, PersonName, users, type Users } from "./users.ts";

/** No more invitations are accepted at once. */
const acceptedMax = 20;

export type Arrived = {
  readonly user: UserRow;
  /** Whether there was no such user before. */
  readonly isNew: boolean;
};

type Needed = {
  readonly engines: Pick<Engines, "store" | "clock" | "vault" | "log">;
  readonly signedIn: Pick<Sessions, "endAll">;
  readonly invitationsOf: LiveInvitations;
};

/**
 * Who somebody is here whom the provider vouches for: the user who is linked, else the one of their verified email, else a
 * new one if that email is invited.
 *
 * @throws Failure forbidden when it is nobody; conflict when the user is linked with somebody else there
 */
export async function personOf(
  { engines, signedIn, invitationsOf }: Needed,
  vouched: Vouched,
): Promise<Arrived> {
  const people = users(engines);
  const linked = await people.byExternal(vouched.id);
  if (linked !== undefined) return { user: linked, isNew: false };
  const email = emailOf(vouched);
  const known = await people.byEmail(email);
  if (known !== undefined) {
    const user = await link(people, known, vouched);
    // Whoever knew the password may be signed in with it, and nobody here has verified that the email was theirs.
    await signedIn.endAll(user.id);
    return { user, isNew: false };
  }
  const invited = invitationsOf(email).slice(0, acceptedMax);
  if (invited.length === 0)
    throw new Failure("forbidden", `Nobody here has the email ${email}, and it is not invited.`, {
      hint: "Ask an owner or admin of a workspace for an invitation to it.",
    });
  return { user: await join(engines, people, { email, invited, vouched }), isNew: true };
}

/** As users have it: in lower case. */
function emailOf({ verifiedEmail }: Vouched): string {
  const { data } = Email.safeParse(verifiedEmail);
  if (data !== undefined) return data;
  throw new Failure("forbidden", "The OpenID provider does not say that your email is verified.", {
    hint: "Verify it there, then start again; or sign in otherwise.",
  });
}

function link(people: Users, user: UserRow, { id }: Vouched): Promise<UserRow> {
  const { external } = user.value;
  // Another issuer than that of old was chosen by who runs the server. At the same one, an email may have been given to somebody else.
  if (external !== null && issuerOf(external) === issuerOf(id))
    throw new Failure("conflict", "This account belongs to somebody else at the OpenID provider.", {
      hint: "Ask an owner or admin of your workspace for a one-time sign-in link.",
    });
  const replaced = hasPassword(user);
  return people.update(
    user,
    { value: { external: id }, ...(replaced && { password: null }) },
    { operation: "link_external", detail: { issuer: issuerOf(id), passwordRemoved: replaced } },
  );
}

async function join(
  engines: Needed["engines"],
  people: Users,
  it: { readonly email: string; readonly invited: readonly InvitationRow[]; readonly vouched: Vouched },
): Promise<UserRow> {
  const { email, invited, vouched } = it;
  const name = PersonName.safeParse(vouched.name);
  const user = await people.create(
    { name: name.success ? name.data : (email.split("@", 1)[0] ?? email), email, external: vouched.id },
    null,
    {
      operation: "create_user",
      detail: { issuer: issuerOf(vouched.id), invitations: invited.map(({ id }) => id) },
    },
  );
  for (const row of invited)
    try {
      await acceptInvitation(engines, row, user.id);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // It ended at this moment, or the workspace is full: the person is told by what they see of it, nothing.
      engines.log(`the invitation ${row.id} could not be accepted by ${user.id}: ${error.message}`);
    }
  return user;
}

function issuerOf(external: string): string {
  return external.split(" ", 1)[0] ?? "";
}
