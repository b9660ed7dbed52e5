import { Failure } from "../../../kernel/failure.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { SecurityNote } from "../security-note.ts";
import type { Attempts } from "./attempts.ts";
import { fits, hashOf } from "./password.ts";
import type { UserRow } from "./user.ts";
import type { Users } from "./users.ts";

/** What somebody typed, and where. */
export type Typed = { readonly email: string; readonly password: Secret; readonly remoteAddress: string };

/**
 * Who has this email and password. Unknown emails, users without a password and wrong passwords are refused with the same
 * words after the same time.
 *
 * @throws Failure unauthenticated; limited while there were too many attempts
 */
export type PasswordSignIn = (typed: Typed) => Promise<UserRow>;

type SignInParts = { readonly people: Users; readonly attempts: Attempts; readonly note: SecurityNote };

export function passwordSignIn({ people, attempts, note }: SignInParts): PasswordSignIn {
  return async ({ email, password, remoteAddress }) => {
    const attempt = await attempts.begin(email, remoteAddress).catch((error: unknown) => {
      if (error instanceof Failure && error.kind === "limited")
        note({ operation: "sign_in_locked_out", remoteAddress });
      throw error;
    });
    const found = await people.byEmail(email);
    const compared = await fits(password, found && people.passwordOf(found));
    if (found === undefined || !compared.fits) {
      note({ operation: "sign_in_failed", subjects: [found?.id ?? "nobody"], remoteAddress });
      throw new Failure("unauthenticated", "Email and password do not fit.", {
        hint: "Try again, or ask who runs this server for a one-time sign-in link.",
      });
    }
    attempt.succeeded();
    if (!compared.outdated) return found;
    return people.update(found, { password: await hashOf(password) }, { operation: "rehash_password" });
  };
}
