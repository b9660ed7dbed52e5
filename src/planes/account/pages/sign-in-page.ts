import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { Secret } from "../../../kernel/secret.ts";
import { html } from "../../../registry/html.ts";
import { homePath, ownPath } from "../own-path.ts";
import { passwordSignIn, type PasswordSignIn } from "../password-sign-in.ts";
import { Email } from "../users.ts";
import { begin } from "./begin.ts";
import { currentPasswordField, emailField } from "./fields.ts";
import { guestForm, requireOwnForm } from "./guest-form.ts";
import { seeOther, shown } from "./page-frame.ts";
import type { PageRequest } from "./page-request.ts";
import type { PageAt } from "./page-route.ts";
import type { Parts } from "./parts.ts";

/** No longer password is compared, for none can have been chosen. */
const passwordCharactersMax = 1_024;

/** The form as it is shown: where to go on to, what was typed, what went wrong, and who else signs people in. */
type Asked = {
  readonly publicUrl: string;
  readonly next: string;
  readonly email?: string;
  readonly failure?: Failure;
  readonly provider: string | null;
};

/** `/sign-in`: with email and password, or with the OpenID provider of this name. Goes on to `next`, a path of this server. */
export function signInPage(parts: Parts, provider: string | null): PageAt {
  const signIn = passwordSignIn(parts.engines);
  return {
    path: "/sign-in",
    async answer(request) {
      const { publicUrl } = parts.engines.settings;
      if (request.method === "GET") {
        const next = ownPath(request.query.get("next"), publicUrl);
        const session = await parts.signedIn.of(request.cookie);
        return session === undefined ? asked(request, { publicUrl, next, provider }) : seeOther(next);
      }
      const next = ownPath(request.form("next"), publicUrl);
      try {
        return await submitted(parts, request, { signIn, next });
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        return asked(request, { publicUrl, next, email: request.form("email"), failure, provider });
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
  requireOwnForm(request, parts.engines.settings.publicUrl);
  const typed = Email.safeParse(form("email"));
  const password = new Secret(form("password").slice(0, passwordCharactersMax));
  // What is no email belongs to nobody, and that takes as long to find out.
  const email = typed.success ? typed.data : "nobody";
  const user = await signIn({ email, password, remoteAddress: from.remoteAddress });
  return begin(parts, request, { user: user.id, how: "password", next });
}

function asked(request: PageRequest, { publicUrl, next, email = "", failure, provider }: Asked): RawAnswer {
  const guest = guestForm(request, publicUrl);
  const onward = next === homePath ? "" : `?next=${encodeURIComponent(next)}`;
  const external =
    provider !== null &&
    html`<p><a class="whole" href="/sign-in/external${onward}">Sign in with ${provider}</a></p>
      <p class="or">or</p>`;
  return shown({
    title: "Sign in",
    failure,
    headers: guest.headers,
    body: html`${external}
      <form method="post" action="/sign-in">
        ${guest.field}<input type="hidden" name="next" value="${next}" />
        ${emailField(email)} ${currentPasswordField("Password", "password")}
        <button class="whole">Sign in</button>
      </form>`,
  });
}
