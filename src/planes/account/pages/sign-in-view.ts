import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import type { Failure } from "../../../kernel/failure.ts";
import { html } from "../../../registry/html.ts";
import type { Engines } from "../../../registry/engines.ts";
import { settingCookies } from "../people/cookie.ts";
import { externalButton } from "./external-button.ts";
import { currentPasswordField, emailField } from "./fields.ts";
import { guestForm } from "./guest-form.ts";
import { shown } from "./page-frame.ts";
import type { PageRequest } from "./page-request.ts";

/** The form as it is shown: where to go on to, what was typed, what went wrong. */
type Asked = {
  readonly next: string;
  readonly email?: string;
  readonly failure?: Failure;
  /** Beyond those of the page. */
  readonly cookies?: readonly string[];
};

/** Asks who somebody is: by the OpenID provider where there is one, by email and password always. */
export function signInForm(
  { settings, federation }: Pick<Engines, "settings" | "federation">,
  request: PageRequest,
  { next, email = "", failure, cookies = [] }: Asked,
): RawAnswer {
  const guest = guestForm(request, settings.publicUrl);
  return shown({
    title: "Sign in",
    failure,
    headers: settingCookies([...(guest.headers["set-cookie"] ?? []), ...cookies]),
    body: html`${
        federation !== null &&
        html`${externalButton(federation, { label: "Sign in", next, field: guest.field })}
          <p class="or">or</p>`
      }
      <form method="post" action="/sign-in">
        ${guest.field}<input type="hidden" name="next" value="${next}" />
        ${emailField(email)} ${currentPasswordField("Password", "password")}
        <button class="whole">Sign in</button>
      </form>`,
  });
}
