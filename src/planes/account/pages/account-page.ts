import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { Secret } from "../../../kernel/secret.ts";
import { fits } from "../people/password.ts";
import { newPassword } from "../people/password-rule.ts";
import { account } from "./account-view.ts";
import { seeOther } from "./page-frame.ts";
import type { Own } from "./own.ts";
import { ownPage } from "./own-page.ts";
import type { PageAt } from "./page-route.ts";
import type { Parts } from "./parts.ts";

/** `/account`: who I am and where I belong, my password, where I am signed in. Each form changes one of them. */
export function accountPages(parts: Parts): readonly PageAt[] {
  const page = ownPage(parts);
  return [
    page("/account", (own) => account(parts, own)),
    page("/account/password", async (own) => {
      const { form, from } = own.request;
      // Counted with attempts to sign in, so that nobody guesses at both places.
      const attempt = await parts.attempts
        .begin(own.user.value.email ?? own.user.id, from.remoteAddress)
        .catch((error: unknown) => {
          noteRefused(parts, own, "locked out");
          throw error;
        });
      await requirePassword(parts, own);
      attempt.succeeded();
      const password = await newPassword(form("password"), own.user.value);
      const user = await parts.people.update(own.user, { password }, { operation: "change_password" });
      await parts.signedIn.endAll(user.id, own.session);
      return account(
        parts,
        { ...own, user },
        { done: "Your password is changed, and you are signed out everywhere else." },
      );
    }),
    page("/account/sessions/end", async (own) => {
      const id = own.request.form("session");
      const ended = (await parts.signedIn.list(own.user.id)).find((it) => it.id === id);
      if (ended !== undefined) await parts.signedIn.end({ id, user: own.user.id });
      return id === own.session.id
        ? signedOut(parts)
        : account(parts, own, { done: "That session is ended." });
    }),
    page("/account/sessions/end-others", async (own) => {
      await parts.signedIn.endAll(own.user.id, own.session);
      return account(parts, own, { done: "You are signed out everywhere else." });
    }),
    page("/account/sign-out", async (own) => {
      await parts.signedIn.end(own.session);
      return signedOut(parts);
    }),
  ];
}

function signedOut({ signedIn }: Parts): RawAnswer {
  return seeOther("/sign-in", [signedIn.forget()]);
}

/** The password there is, so that who finds a browser open cannot make it theirs. @throws Failure unauthenticated */
async function requirePassword(parts: Parts, own: Own): Promise<void> {
  const { request, user } = own;
  const kept = parts.people.passwordOf(user);
  if (kept === undefined) return;
  if ((await fits(new Secret(request.form("current")), kept)).fits) return;
  noteRefused(parts, own, "wrong password");
  throw new Failure("unauthenticated", "That is not your password.", { pointer: "/current" });
}

function noteRefused({ note }: Parts, { request, user }: Own, reason: string): void {
  const { remoteAddress } = request.from;
  note({ operation: "password_change_refused", reason, subjects: [user.id], remoteAddress });
}
