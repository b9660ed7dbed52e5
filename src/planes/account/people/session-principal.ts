import type { Principal } from "../../../kernel/principal.ts";
import type { Credentials } from "../../../registry/credentials.ts";
import { NotedRefusal } from "../noted-refusal.ts";
import type { LiveMembers } from "./live-members.ts";
import { hasCsrf, type Session, type Sessions } from "./sessions.ts";

/** The methods that change nothing, which other sites can make a browser send. */
const harmless: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Who is signed in at the browser that sends this; undefined when nobody is. What may change something needs the token of
 * the session in the header `X-CSRF-Token`, since browsers send cookies along with what other sites ask for.
 *
 * @throws Failure forbidden without that token; unavailable when it cannot be looked up
 */
export function sessionPrincipal(
  signedIn: Pick<Sessions, "of">,
  members: LiveMembers,
): (credentials: Pick<Credentials, "cookie" | "csrf" | "method">) => Promise<Principal | undefined> {
  return async ({ cookie, csrf, method }) => {
    const session = await signedIn.of(cookie);
    if (session === undefined) return undefined;
    if (!harmless.has(method) && !hasCsrf(session, csrf))
      throw new NotedRefusal(
        { operation: "foreign_form_refused", subjects: [session.user] },
        "forbidden",
        "A browser session needs its CSRF token for this.",
        { hint: "Send it in the header X-CSRF-Token." },
      );
    return principalOf(session, members);
  };
}

/** What a session may do, by the roles of its user at this moment. */
export async function principalOf(
  session: Pick<Session, "id" | "user">,
  members: LiveMembers,
): Promise<Principal> {
  return {
    workspaces: await members.scopesOf(session.user),
    actor: { kind: "user", id: session.user },
    credential: { kind: "session", id: session.id },
    confines: {},
    toolsets: ["pipeline", "webhooks"],
  };
}
