import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { acceptInvitation, invitationOf, invitationPath } from "../people/invitation-link.ts";
import { newPassword } from "../people/password-rule.ts";
import { hasCsrf } from "../people/sessions.ts";
import { begin } from "./begin.ts";
import { filled } from "./filled.ts";
import { refuseForeignForm } from "./foreign-form.ts";
import { requireOwnForm } from "./guest-form.ts";
import { seeOther } from "./page-frame.ts";
import { notedLink } from "./noted-link.ts";
import { joining, type Opened } from "./joining.ts";
import type { PageAt } from "./page-route.ts";
import type { Parts } from "./parts.ts";

/**
 * `/invitations/{token}`: who it is for becomes a member, as the user they are or as a new one. The email is that of the
 * invitation, and whoever has the link vouches for nothing else: an existing user signs in first.
 */
export function invitationPage(parts: Parts): PageAt {
  return {
    path: `${invitationPath}:token`,
    async answer(request) {
      const token = request.parameters["token"] ?? "";
      const invited = await notedLink(parts, request, () => invitationOf(parts.engines, token));
      const session = await parts.signedIn.of(request.cookie);
      const user = session && (await parts.people.byId(session.user));
      const opened: Opened = {
        request,
        path: `${invitationPath}${token}`,
        invited,
        owner: await parts.people.byEmail(invited.value.email),
        signedIn: session && user && { user, csrf: session.csrf },
      };
      if (request.method === "GET") return joining(parts, opened);
      try {
        return await (opened.signedIn === undefined ? acceptAsNew : acceptSignedIn)(parts, opened);
      } catch (error) {
        if (error instanceof Failure && error.kind !== "not_found") return joining(parts, opened, error);
        throw error;
      }
    },
  };
}

async function acceptSignedIn(parts: Parts, { signedIn, owner, invited, request }: Opened) {
  if (signedIn === undefined || signedIn.user.id !== owner?.id) throw notYours();
  if (!hasCsrf(signedIn, request.form("csrf"))) refuseForeignForm(parts, request, [owner.id]);
  await acceptInvitation(parts.engines, invited, owner.id);
  return seeOther("/account");
}

async function acceptAsNew(parts: Parts, { request, owner, invited }: Opened): Promise<RawAnswer> {
  requireOwnForm(parts, request);
  if (owner !== undefined) throw notYours();
  const { name, email } = filled(request.form, invited.value);
  const password = await newPassword(request.form("password"), { name, email });
  const user = await parts.people.create({ name, email, external: null }, password, {
    operation: "create_user",
    detail: { invitation: invited.id },
  });
  await acceptInvitation(parts.engines, invited, user.id);
  return begin(parts, request, { user: user.id, how: "invitation", next: null });
}

function notYours(): Failure {
  return new Failure("forbidden", "This invitation is for somebody else.", {
    hint: "Sign in as the one it is for.",
  });
}
