import { html, type Html } from "../../../registry/html.ts";

/** A sentence as operations and fields have it: what stands between backticks is code. */
export function prose(text: string): Html {
  const parts = text.split("`");
  return html`${parts.map((part, i) => (i % 2 === 1 && i < parts.length - 1 ? html`<code>${part}</code>` : part))}`;
}
