import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { Secret } from "../../../kernel/secret.ts";
import { ownPath } from "../people/own-path.ts";
import { passwordSignIn, type PasswordSignIn } from "../people/password-sign-in.ts";
import { Email } from "../people/users.ts";
import { begin } from "./begin.ts";
import { requireOwnForm } from "./guest-form.ts";
import { seeOther } from "./page-frame.ts";
import type { PageRequest } from "./page-request.ts";
import type { PageAt } from "./page-route.ts";
import type { Parts } from "./parts.ts";
import { signInForm } from "./sign-in-view.ts";

/** No longer password is compared, for none can have been chosen. */
const passwordCharactersMax = 1_024;

/** `/sign-in`: with email and password, or on to the OpenID provider. Goes on to `next`, a path of this server. */
export function signInPage(parts: Parts): PageAt {
  const signIn = passwordSignIn(parts);
  return {
    path: "/sign-in",
    async answer(request) {
      const { publicUrl } = parts.engines.settings;
      if (request.method === "GET") {
        const next = ownPath(request.query.get("next"), publicUrl);
        const session = await parts.signedIn.of(request.cookie);
        return session === undefined ? signInForm(parts.engines, request, { next }) : seeOther(next);
      }
      const next = ownPath(request.form("next"), publicUrl);
      try {
        return await submitted(parts, request, { signIn, next });
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        return signInForm(parts.engines, request, { next, email: request.form("email"), failure });
      }
    },
  };
}

async function submitted(
  parts: Parts,
  request: PageRequest,
  { signIn, next }: { readonly signIn: PasswordSignIn; readonly next: string },
): Promise<RawAnswer> {
  const { form, from } = request;
  requireOwnForm(parts, request);
  const typed = Email.safeParse(form("email"));
  const password = new Secret(form("password").slice(0, passwordCharactersMax));
  // What is no email belongs to nobody, and that takes as long to find out.
  const email = typed.success ? typed.data : "nobody";
  const user = await signIn({ email, password, remoteAddress: from.remoteAddress });
  return begin(parts, request, { user: user.id, how: "password", next });
}
