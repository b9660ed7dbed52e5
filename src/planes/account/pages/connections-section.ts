import type { Grant } from "../../../engines/identity/identity.ts";
import { html, type Html } from "../../../registry/html.ts";
import { useCollection } from "../credentials/credential-use.ts";
import { connectionView } from "../oauth/connection-view.ts";
import { listsTools } from "../oauth/own-connections.ts";
import { scopeGroups } from "../oauth/scope-group.ts";
import type { Own } from "./own.ts";
import { moment } from "./moment.ts";
import type { Parts } from "./parts.ts";

const shownMax = 200;

/** What somebody connected by OAuth, to the workspaces by these names: what it may do, and an end to it. */
export async function connectionsSection(
  { engines }: Parts,
  { user }: Own,
  { csrf, workspaces }: { readonly csrf: Html; readonly workspaces: ReadonlyMap<string, string> },
): Promise<Html> {
  const all = await engines.identity.grants({ account: user.id });
  // Elsewhere it can do nothing, for neither can the person.
  const own = all.filter(({ realm }) => workspaces.has(realm)).slice(0, shownMax);
  const rows = await Promise.all(
    own.map(async (grant) => {
      const use = await engines.store.entries.get(grant.realm, useCollection, grant.id);
      const { lastUsedAt, connectedAt, scopes, resources, toolsets } = connectionView(grant, use);
      return html`<li>
        <span
          >${grant.client.name} ${whereFrom(grant)}<br />
          <span class="soft"
            >In ${workspaces.get(grant.realm)}, connected ${moment(Date.parse(connectedAt))}, last used
            ${lastUsedAt === null ? "never" : moment(Date.parse(lastUsedAt))}</span
          >
          <details>
            <summary>${scopes.length === 1 ? "One scope" : `${scopes.length} scopes`}</summary>
            ${scopeGroups(engines.catalogue, scopes).map(
              ({ heading, scopes: of }) =>
                html`<p class="soft"><b>${heading}</b>: ${of.map(({ title }) => title).join(", ")}</p>`,
            )}
            ${resources.some(listsTools) && html`<p class="soft"><b>Shown the tools of</b>: ${toolsets.join(", ")}</p>`}
          </details></span
        >
        <form method="post" action="/account/connections/end">
          ${csrf}<input type="hidden" name="workspace" value="${grant.realm}" />
          <input type="hidden" name="connection" value="${grant.id}" />
          <button class="plain">Disconnect<span class="unseen"> ${grant.client.name}</span></button>
        </form>
      </li>`;
    }),
  );
  return html`<section>
    <h2>Connected clients</h2>
    ${
      rows.length === 0
        ? html`<p class="soft">
            None. A client that you give the address of this server asks you before it does anything.
          </p>`
        : html`<ul class="rows">
            ${rows}
          </ul>`
    }
  </section>`;
}

/** The host that vouches for a client, or what it says of itself. */
function whereFrom({ client }: Grant): Html {
  if (client.from === "document") return html`<span class="role">${URL.parse(client.id)?.host}</span>`;
  if (client.from === "built-in") return html``;
  const said = client.uri === null ? undefined : URL.parse(client.uri)?.host;
  return html`${said !== undefined && html`<span class="soft">${said}</span> `}<span class="role"
      >not verified</span
    >`;
}
