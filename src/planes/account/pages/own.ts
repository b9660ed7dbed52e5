import type { Session } from "../people/sessions.ts";
import type { UserRow } from "../people/user.ts";
import type { PageRequest } from "./page-request.ts";

/** What somebody who is signed in asks for. */
export type Own = { readonly request: PageRequest; readonly session: Session; readonly user: UserRow };
