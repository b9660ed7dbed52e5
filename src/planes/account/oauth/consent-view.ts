import type { Pending } from "../../../engines/identity/identity.ts";
import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import type { Failure } from "../../../kernel/failure.ts";
import type { Catalogue } from "../../../registry/catalogue.ts";
import { html, type Html } from "../../../registry/html.ts";
import { csrfField } from "../pages/fields.ts";
import { boxesCss } from "../pages/toolset-fields.ts";
import { shown } from "../pages/page-frame.ts";
import type { UserRow } from "../people/user.ts";
import { redirectPlace } from "./redirect-place.ts";
import { scopeGroups } from "./scope-group.ts";

/** What a person is asked. */
export type Consent = {
  readonly pending: Pending;
  readonly user: UserRow;
  readonly csrf: string;
  readonly workspaces: readonly { readonly id: string; readonly name: string; readonly role: string }[];
  /** The scopes that it asks for and the person has. */
  readonly possible: readonly string[];
  readonly catalogue: Catalogue;
  /** What the client has by now; null when it is not connected. */
  readonly held: ReadonlySet<string> | null;
  /** Boxes for whose tools it is shown; null where it is shown none. */
  readonly tools: Html | null;
  /** How much of what it asks for the person could not do themselves. */
  readonly beyond: number;
  readonly failure?: Failure;
};

export function consentPage(it: Consent): RawAnswer {
  const { pending, user, csrf, held, failure } = it;
  const { name } = pending.client;
  return shown({
    title: held === null ? `Connect ${name}?` : `Give ${name} more?`,
    failure,
    css,
    body: html`<p><strong>${name}</strong> asks to work with Sluice for you.</p>
      ${warning(pending)}
      <dl class="facts">
        <dt>You</dt>
        <dd>${user.value.name}<br /><span class="soft">${user.value.email}</span></dd>
        ${website(pending)} ${goingBack(pending)}
      </dl>
      <form method="post">
        ${csrfField(csrf)} ${workspaceField(it)} ${scopeFields(it)} ${toolSection(it)}
        <div class="decide">
          <button name="decision" value="approve">Approve</button>
          <button class="plain" name="decision" value="refuse" formnovalidate>Refuse</button>
        </div>
      </form>`,
  });
}

/** A name is what somebody calls themselves: what stands for it, and what does not. */
function warning({ client, redirectUri }: Pending): Html {
  if (redirectUri === null)
    return html`<p class="notice">
      You are connecting a device. Go on only if you started this yourself, on a device of yours.
    </p>`;
  if (client.from === "registered")
    return html`<p class="notice bad">
      Nobody has verified who this is: the name is what the client calls itself. Go on only if you just
      started this.
    </p>`;
  if (redirectPlace(redirectUri).isThisComputer)
    return html`<p class="notice">
      The answer goes to a program on your computer. Go on only if you just started this.
    </p>`;
  return html``;
}

function website({ client }: Pending): Html {
  const vouching = client.from === "document" ? URL.parse(client.id)?.host : undefined;
  const own = client.uri === null ? undefined : URL.parse(client.uri)?.host;
  if (vouching !== undefined)
    return html`<dt>Published by</dt>
      <dd>${vouching}</dd>`;
  if (own === undefined || client.from === "built-in") return html``;
  return html`<dt>Says it is from</dt>
    <dd>${own}</dd>`;
}

function goingBack({ redirectUri }: Pending): Html {
  if (redirectUri === null) return html``;
  return html`<dt>Goes back to</dt>
    <dd>${redirectPlace(redirectUri).text}</dd>`;
}

function workspaceField({ workspaces }: Consent): Html {
  const [only] = workspaces;
  if (workspaces.length === 1 && only !== undefined)
    return html`<p class="one">
        <span class="soft">In the workspace</span> <strong>${only.name}</strong>
        <span class="role">${only.role}</span>
      </p>
      <input type="hidden" name="workspace" value="${only.id}" />`;
  const options = workspaces.map(
    ({ id, name, role }) => html`<option value="${id}">${name} (${role})</option>`,
  );
  return html`<label for="workspace">In which workspace?</label>
    <select id="workspace" name="workspace">
      ${options}
    </select>`;
}

function scopeFields({ possible, catalogue, held, beyond }: Consent): Html {
  const fields = scopeGroups(catalogue, possible).map(
    ({ heading, scopes }) =>
      html`<fieldset>
        <legend>${heading}</legend>
        ${scopes.map(
          ({ scope, title, does }) =>
            html`<label class="scope"
              ><input type="checkbox" name="${scopeField(scope)}" value="yes" checked />
              <span
                >${title}${held?.has(scope) === false && html` <span class="role">new</span>`}<br /><span
                  class="soft"
                  >${does}</span
                ></span
              ></label
            >`,
        )}
      </fieldset>`,
  );
  const more = html`<p class="soft">It asks for ${beyond} more, which you may not do yourself.</p>`;
  return html`<h2>What it may do</h2>
    ${fields} ${beyond > 0 && more}`;
}

function toolSection({ tools }: Consent): Html {
  if (tools === null) return html``;
  return html`<h2>Which tools it is shown</h2>
    <fieldset>
      <legend>Toolsets</legend>
      ${tools}
    </fieldset>
    <p class="soft">To keep its list short: this is no limit to what it may do.</p>`;
}

export function scopeField(scope: string): string {
  return `scope.${scope}`;
}

const css = `${boxesCss}
.card h2 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
legend { padding: 0 .35rem; color: var(--soft); font-size: .875rem; }
.decide { display: flex; gap: .75rem; } .decide button { flex: 1; }
.one { margin: 0 0 .5rem; }
.facts dd { overflow-wrap: anywhere; }
`;
