import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { html } from "../../../registry/html.ts";
import { homePath, ownPath } from "../own-path.ts";
import type { PageRequest } from "./page-request.ts";
import { seeOther, shown } from "./page-frame.ts";
import type { Parts } from "./parts.ts";

/** Who signs in, by what, and where they wanted to. */
type Beginning = { readonly user: string; readonly how: string; readonly next: string | null };

/** Signs in, ends the session that the browser had, and goes on. */
export async function begin(
  { engines, signedIn }: Parts,
  { cookie, from }: PageRequest,
  { user, how, next }: Beginning,
): Promise<RawAnswer> {
  const earlier = await signedIn.of(cookie);
  const begun = await signedIn.begin(user, { ...from, how });
  if (earlier !== undefined) await signedIn.end(earlier);
  const headers = { "set-cookie": begun.cookie };
  const to = ownPath(next, engines.settings.publicUrl);
  if (to === homePath) return seeOther(to, headers);
  // A redirect would bind where it leads to, and that leads to, to what the form may be sent to.
  const body = html`<p>You are signed in.</p>
    <p><a href="${to}">Continue</a></p>`;
  return shown({ title: "Signed in", body, headers: { ...headers, refresh: `0;url=${to}` } });
}
