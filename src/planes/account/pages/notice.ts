import type { Failure } from "../../../kernel/failure.ts";
import { html, type Html } from "../../../registry/html.ts";

/** What went wrong with a form, above it. */
export function notice({ message, detail }: Failure): Html {
  const wait =
    detail.retryAfterMs !== undefined && ` It can be tried again in ${waitText(detail.retryAfterMs)}.`;
  return html`<p class="notice bad" role="alert">${message}${wait} ${detail.hint}</p>`;
}

function waitText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds === 1) return "a second";
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
