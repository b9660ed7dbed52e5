import type { Audit } from "../../../engines/store/store.ts";

/** What happened to an account, for its owner to read. */
export type SecurityEvent = { readonly at: number; readonly text: string };

const texts: Readonly<Record<string, (detail: Audit["detail"]) => string>> = {
  first_start: () => "The account was made at the first start",
  create_user: () => "The account was made",
  sign_in: ({ how, remoteAddress }) =>
    `Signed in by ${ways[String(how)] ?? "other means"} from ${String(remoteAddress)}`,
  sign_in_failed: counted("attempt to sign in failed", "attempts to sign in failed"),
  password_change_refused: counted(
    "attempt to change the password was refused",
    "attempts to change the password were refused",
  ),
  foreign_form_refused: counted(
    "form that another site may have sent was refused",
    "forms that another site may have sent were refused",
  ),
  credential_refused: counted("personal key was refused", "refusals of a personal key"),
  end_session: () => "Signed out of one session",
  end_sessions: ({ ended }) => `Signed out of other sessions (${String(ended)})`,
  create_sign_in_link: () => "A one-time sign-in link was made",
  use_sign_in_link: () => "A one-time sign-in link was used",
  change_password: () => "The password was changed",
  link_external: () => "Signing in by the OpenID provider was set up, and replaced the password",
};

const ways: Readonly<Record<string, string>> = {
  password: "password",
  link: "one-time link",
  invitation: "invitation",
  external: "OpenID provider",
};

function counted(one: string, several: string): (detail: Audit["detail"]) => string {
  return ({ more, remoteAddress }) => {
    const article = /^[aeiou]/.test(one) ? "An" : "A";
    const what = typeof more === "number" ? `${more} more ${several}` : `${article} ${one}`;
    return `${what}, from ${String(remoteAddress)}`;
  };
}

/** Those that a person needs to know of, newest first as they are given. */
export function securityEvents(audit: readonly Audit[]): readonly SecurityEvent[] {
  return audit.flatMap(({ at, operation, detail }) => {
    const text = texts[operation];
    return text === undefined ? [] : [{ at, text: text(detail) }];
  });
}
