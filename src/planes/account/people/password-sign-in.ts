import { newId } from "../../../kernel/id.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { Secret } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { attempts, type Attempt } from "./attempts.ts";
import { fits, hashOf } from "./password.ts";
import type { UserRow } from "./user.ts";
import { users } from "./users.ts";

/** What somebody typed, and where. */
export type Typed = { readonly email: string; readonly password: Secret; readonly remoteAddress: string };

/**
 * Who has this email and password. Unknown emails, users without a password and wrong passwords are refused with the same
 * words after the same time.
 *
 * @throws Failure unauthenticated; limited while there were too many attempts
 */
export type PasswordSignIn = (typed: Typed) => Promise<UserRow>;

export function passwordSignIn(engines: Engines): PasswordSignIn {
  const { begin } = attempts(engines);
  const people = users(engines);
  return async ({ email, password, remoteAddress }) => {
    const attempt = await begin(email, remoteAddress);
    const found = await people.byEmail(email);
    const compared = await fits(password, found && people.passwordOf(found));
    if (found === undefined || !compared.fits) {
      await noteFailure(engines, found, attempt, remoteAddress);
      throw new Failure("unauthenticated", "Email and password do not fit.", {
        hint: "Try again, or ask who runs this server for a one-time sign-in link.",
      });
    }
    attempt.succeeded();
    if (!compared.outdated) return found;
    return people.update(found, { password: await hashOf(password) }, { operation: "rehash_password" });
  };
}

/** The first, tenth, hundredth and so on alone, so that who guesses does not fill the audit. */
async function noteFailure(
  { store, clock, log }: Engines,
  found: UserRow | undefined,
  { ofAccount, fromAddress }: Attempt,
  remoteAddress: string,
): Promise<void> {
  const noted = found === undefined ? fromAddress : ofAccount;
  if (!/^10*$/.test(String(noted))) return;
  const id = found?.id ?? "nobody";
  try {
    await store.commit({
      workspace: serverScope,
      at: clock.now(),
      actor: { kind: "system", id: "sign-in" },
      operation: "sign_in_failed",
      records: [],
      entries: [],
      outbox: [],
      audit: { id: newId("aud"), subjects: [id], detail: { attempts: noted, remoteAddress } },
    });
  } catch (error) {
    log(`failed attempts to sign in were not recorded: ${String(error)}`);
  }
}
