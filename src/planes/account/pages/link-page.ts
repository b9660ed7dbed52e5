import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { html } from "../../../registry/html.ts";
import { newPassword } from "../people/password-rule.ts";
import { linkPath, useLink, userOfLink } from "../people/sign-in-link.ts";
import type { UserRow } from "../people/user.ts";
import { hasPassword } from "../people/users.ts";
import { begin } from "./begin.ts";
import { emailField, knownEmail, nameField, newPasswordField } from "./fields.ts";
import { filled } from "./filled.ts";
import { guestForm, requireOwnForm } from "./guest-form.ts";
import { notedLink } from "./noted-link.ts";
import { shown } from "./page-frame.ts";
import type { PageAt, PageRequest } from "./page-route.ts";
import type { Parts } from "./parts.ts";

type Opened = { readonly request: PageRequest; readonly token: string; readonly user: UserRow };

/**
 * `/sign-in/link/{token}`: a link that signs in once. Reading the page does not use it, since mail programs and chats look
 * at links before people do; sending its form does.
 */
export function linkPage(parts: Parts): PageAt {
  const { engines } = parts;
  return {
    path: `${linkPath}:token`,
    async answer(request) {
      const token = request.parameters["token"] ?? "";
      const user = await notedLink(parts, request, () => userOfLink(engines, token));
      const opened = { request, token, user };
      if (request.method === "GET") return asked(opened, engines.settings.publicUrl);
      try {
        return await submitted(parts, opened);
      } catch (error) {
        if (error instanceof Failure && error.kind !== "not_found")
          return asked(opened, engines.settings.publicUrl, error);
        throw error;
      }
    },
  };
}

async function submitted(parts: Parts, { request, token, user }: Opened): Promise<RawAnswer> {
  const { engines, signedIn } = parts;
  requireOwnForm(parts, request);
  const value = filled(request.form, user.value);
  const text = request.form("password");
  if (text === "" && hasPassword(user)) await useLink(engines, token, { value });
  else {
    const password = await newPassword(text, value);
    await useLink(engines, token, { value, password });
    // Whoever knew the old password may be signed in with it.
    await signedIn.endAll(user.id);
  }
  return begin(parts, request, { user: user.id, how: "link", next: null });
}

function asked({ request, token, user }: Opened, publicUrl: string, failure?: Failure): RawAnswer {
  const guest = guestForm(request, publicUrl);
  const { name, email } = user.value;
  const known = hasPassword(user);
  const typed = (field: string, otherwise: string): string => request.form(field) || otherwise;
  return shown({
    title: known ? `Sign in as ${name}` : "Welcome",
    failure,
    headers: guest.headers,
    body: html`<p>
        ${
          known
            ? "This link signs you in once. You may choose a new password, or leave it as it is."
            : "Say who you are, and choose the password that you sign in with from now on."
        }
      </p>
      <form method="post" action="${linkPath}${token}">
        ${guest.field} ${nameField(typed("name", known ? name : ""))}
        ${email === null ? emailField(typed("email", "")) : knownEmail(email)}
        ${newPasswordField(known ? "New password" : "Password", known ? "may be left empty" : "needed")}
        <button class="whole">Sign in</button>
      </form>`,
  });
}
