import type { z } from "zod";
import { html, type Html } from "../../../registry/html.ts";
import type { CredentialView } from "../credentials/credential-view.ts";
import { listPersonalKeys } from "../operations/list-personal-keys.ts";
import { usualToolsets } from "../credentials/credential-form.ts";
import type { Own } from "./own.ts";
import { moment } from "./moment.ts";
import { ownCall } from "./own-calls.ts";
import type { Parts } from "./parts.ts";
import { boxesCss, toolsetFields } from "./toolset-fields.ts";

/** How long a new key is good for: what the form sends, and what it says. */
export const lifetimes = [
  [30, "30 days"],
  [60, "60 days"],
  [90, "90 days"],
  [365, "A year"],
  [null, "Until it is revoked"],
] as const;
const usual = 90;

type Key = z.output<typeof CredentialView>;

/** The keys that are not revoked, with a form for another; `created` is the text of one that was just made. */
export async function personalKeysSection(
  parts: Parts,
  own: Own,
  { csrf, created }: { readonly csrf: Html; readonly created: string | undefined },
): Promise<Html> {
  const keys = await unrevokedKeys(parts, own);
  const rows = keys.map(
    ({ id, name, start, state, createdAt, expiresAt, lastUsedAt, lastUsedBy }) =>
      html`<li>
        <span
          >${name} ${state === "expired" && html`<span class="role">expired</span>`}<br />
          <span class="soft"
            ><code>${id}:${start}</code> Made ${at(createdAt)}, ${lifetime(expiresAt)}, last used
            ${lastUsedAt === null ? "never" : at(lastUsedAt)}${lastUsedBy !== null && ` by ${lastUsedBy}`}</span
          ></span
        >
        <form method="post" action="/account/keys/revoke">
          ${csrf}<input type="hidden" name="key" value="${id}" />
          <button class="plain">Revoke<span class="unseen"> ${name}</span></button>
        </form>
      </li>`,
  );
  return html`<section id="keys">
    <h2>Personal keys</h2>
    <p class="soft">For scripts and agents of yours: a key may do what you may, in all your workspaces.</p>
    ${created !== undefined && createdKey(created)}
    ${
      rows.length > 0 &&
      html`<ul class="rows">
        ${rows}
      </ul>`
    }
    <form class="inline" method="post" action="/account/keys">
      ${csrf}
      <p>
        <label for="key-name">What it is for</label>
        <input id="key-name" name="name" required maxlength="100" autocomplete="off" />
      </p>
      <p>
        <label for="key-expires">Good for</label>
        <select id="key-expires" name="expires">
          ${lifetimes.map(
            ([days, text]) =>
              html`<option value="${days}" ${days === usual && html` selected`}>${text}</option>`,
          )}
        </select>
      </p>
      <details>
        <summary>Which tools it is shown over MCP</summary>
        ${toolsetFields(parts.engines.catalogue, usualToolsets["personal-key"])}
      </details>
      <button>Create key</button>
    </form>
  </section>`;
}

/** They are the first of the list. */
async function unrevokedKeys(parts: Parts, own: Own): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for (let cursor: string | null = null; ;) {
    const input = cursor === null ? {} : { cursor };
    const page = listPersonalKeys.output.parse(await ownCall(parts, own, { of: listPersonalKeys, input }));
    const unrevoked = page.personalKeys.filter(({ state }) => state !== "revoked");
    keys.push(...unrevoked);
    cursor = page.nextCursor;
    if (cursor === null || unrevoked.length < page.personalKeys.length) return keys;
  }
}

function createdKey(secret: string): Html {
  return html`<div class="notice" role="status">
    <p>Here is your new key. It is not shown again: copy it now.</p>
    <p><code class="secret">${secret}</code></p>
  </div>`;
}

function lifetime(expiresAt: string | null): string {
  return expiresAt === null ? "good until revoked" : `good until ${at(expiresAt)}`;
}

function at(iso: string): string {
  return moment(Date.parse(iso));
}

export const keysCss = `${boxesCss}
.inline { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: end; }
.inline p { flex: 1 1 12rem; margin: 0 0 1rem; } .inline :is(input, select) { margin: 0; height: 2.75rem; }
.inline details { flex: 1 1 100%; margin-bottom: 1rem; } .inline .scope input { height: auto; margin-top: .35rem; }
.inline button { margin-bottom: 1rem; height: 2.75rem; }
.secret { display: block; padding: .6rem .75rem; overflow-wrap: anywhere; user-select: all; background: var(--page); border: 1px solid var(--line); }
`;
