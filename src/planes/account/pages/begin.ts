import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { homePath, ownPath } from "../people/own-path.ts";
import type { PageRequest } from "./page-request.ts";
import { onward, seeOther } from "./page-frame.ts";
import type { Parts } from "./parts.ts";

/** Who signs in, by what, and where they wanted to. */
type Beginning = {
  readonly user: string;
  readonly how: string;
  readonly next: string | null;
  /** Beyond that of the session. */
  readonly cookies?: readonly string[];
};

/** Signs in, ends the session that the browser had, and goes on. */
export async function begin(
  { engines, signedIn }: Parts,
  { cookie, from }: PageRequest,
  { user, how, next, cookies = [] }: Beginning,
): Promise<RawAnswer> {
  const earlier = await signedIn.of(cookie);
  const begun = await signedIn.begin(user, { ...from, how });
  if (earlier !== undefined) await signedIn.end(earlier);
  const set = [begun.cookie, ...cookies];
  const to = ownPath(next, engines.settings.publicUrl);
  if (to === homePath) return seeOther(to, set);
  return onward(to, { title: "Signed in", text: "You are signed in.", cookies: set });
}
