import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { account } from "./account-view.ts";
import { requireCsrf } from "./foreign-form.ts";
import type { Own } from "./own.ts";
import { seeOther } from "./page-frame.ts";
import type { PageAt } from "./page-route.ts";
import type { Parts } from "./parts.ts";

/**
 * Makes the pages of who is signed in: others are asked to, and a form of theirs counts with the token of the session. What
 * a form comes to that fails is the account with what went wrong above it.
 */
export function ownPage(
  parts: Parts,
): (path: PageAt["path"], answer: (own: Own) => Promise<RawAnswer>) => PageAt {
  return (path, answer) => ({
    path,
    async answer(request) {
      const session = await parts.signedIn.of(request.cookie);
      const user = session && (await parts.people.byId(session.user));
      if (session === undefined || user === undefined) return seeOther("/sign-in");
      const own = { request, session, user };
      if (request.method === "GET") return path === "/account" ? answer(own) : seeOther("/account");
      try {
        requireCsrf(parts, own);
        return await answer(own);
      } catch (error) {
        if (error instanceof Failure) return account(parts, own, { failure: error });
        throw error;
      }
    },
  });
}
