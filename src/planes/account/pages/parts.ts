import type { Engines } from "../../../registry/engines.ts";
import type { LiveMembers } from "../live-members.ts";
import type { Sessions } from "../sessions.ts";
import type { Users } from "../users.ts";

/** What pages are made with. */
export type Parts = {
  readonly engines: Engines;
  readonly signedIn: Sessions;
  readonly people: Users;
  readonly members: LiveMembers;
};
