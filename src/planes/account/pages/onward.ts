import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { html } from "../../../registry/html.ts";
import { shown } from "./page-frame.ts";

type Onward = { readonly title: string; readonly text: string; readonly cookies?: readonly string[] };

/** Goes on by itself: browsers hold redirects that follow a form to what it may be sent to, which is here alone. */
export function onward(to: string, { title, text, cookies = [] }: Onward): RawAnswer {
  return shown({
    title,
    cookies,
    headers: { refresh: `0;url=${to}` },
    body: html`<p>${text}</p>
      <p><a href="${to}">Continue</a></p>`,
  });
}
