import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { kinds, type Failure } from "../../../kernel/failure.ts";
import { html } from "../../../registry/html.ts";
import { homePath } from "../people/own-path.ts";
import { shown } from "./page-frame.ts";

/** What went wrong, as a page. */
export function failurePage(failure: Failure): RawAnswer {
  const body = html`<p><a href="${homePath}">To your account</a></p>`;
  return shown({ title: kinds[failure.kind].title, body, failure });
}
