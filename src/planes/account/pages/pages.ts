import { attempts } from "../people/attempts.ts";
import type { RawRoute } from "../../../engines/inbound/inbound.ts";
import { liveInvitations } from "../people/live-invitations.ts";
import type { LiveMembers } from "../people/live-members.ts";
import { sessions } from "../people/sessions.ts";
import { users } from "../people/users.ts";
import { oauthRoutes } from "../oauth/oauth-routes.ts";
import { accessPages } from "./access-pages.ts";
import { accountPages } from "./account-page.ts";
import { externalPages } from "./external-pages.ts";
import { invitationPage } from "./invitation-page.ts";
import { linkPage } from "./link-page.ts";
import { pageRoutes } from "./page-route.ts";
import type { Parts } from "./parts.ts";
import { signInPage } from "./sign-in-page.ts";

/** The pages where people sign in and see to their account. */
export async function accountRoutes(
  engines: Parts["engines"],
  members: LiveMembers,
  note: Parts["note"],
): Promise<readonly RawRoute[]> {
  const parts: Parts = {
    engines,
    signedIn: sessions(engines),
    people: users(engines),
    members,
    note,
    attempts: attempts(engines),
  };
  const { federation } = engines;
  const external =
    federation === null ? [] : externalPages(parts, federation, await liveInvitations(engines));
  const pages = pageRoutes(note, [
    signInPage(parts),
    ...external,
    linkPage(parts),
    invitationPage(parts),
    ...accountPages(parts),
    ...accessPages(parts),
  ]);
  return [...pages, ...oauthRoutes(parts)];
}
