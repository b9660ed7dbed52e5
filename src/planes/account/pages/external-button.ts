import type { Federation } from "../../../engines/federation/federation.ts";
import { html, type Html } from "../../../registry/html.ts";
import { externalPath } from "../people/external-journey.ts";

type Button = {
  /** What it does, before ` with` and the provider. */
  readonly label: string;
  /** Where to go on to. */
  readonly next: string;
  /** That of the guest's form. */
  readonly field: Html;
};

/** A form of one button that leads to the OpenID provider. */
export function externalButton({ name }: Pick<Federation, "name">, { label, next, field }: Button): Html {
  return html`<form method="post" action="${externalPath}">
    ${field}<input type="hidden" name="next" value="${next}" />
    <button class="whole plain">${label} with ${name}</button>
  </form>`;
}
