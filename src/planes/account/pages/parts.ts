import type { Attempts } from "../people/attempts.ts";
import type { Engines } from "../../../registry/engines.ts";
import type { LiveMembers } from "../people/live-members.ts";
import type { Sessions } from "../people/sessions.ts";
import type { SecurityNote } from "../security-note.ts";
import type { Users } from "../people/users.ts";

/** What pages are made with. */
export type Parts = {
  readonly engines: Engines;
  readonly signedIn: Sessions;
  readonly people: Users;
  readonly members: LiveMembers;
  readonly note: SecurityNote;
  /** Of guessing passwords, at whatever page: one, since waits are remembered in it. */
  readonly attempts: Attempts;
};
