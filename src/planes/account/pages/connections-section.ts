import type { z } from "zod";
import type { Grant } from "../../../engines/identity/identity.ts";
import type { Catalogue } from "../../../registry/catalogue.ts";
import { html, type Html } from "../../../registry/html.ts";
import { useCollection } from "../credentials/credential-use.ts";
import { connectionView, type ConnectionView } from "../oauth/connection-view.ts";
import { listsTools } from "../oauth/own-connections.ts";
import { scopeGroups } from "../oauth/scope-group.ts";
import type { Own } from "./own.ts";
import { moment } from "./moment.ts";
import type { Parts } from "./parts.ts";
import { toolsetFields } from "./toolset-fields.ts";

const shownMax = 200;

/** What the rows are made with. */
type Around = {
  readonly csrf: Html;
  /** Names by id. */
  readonly workspaces: ReadonlyMap<string, string>;
};

/** What somebody connected by OAuth, to their workspaces: what it may do, whose tools it is shown, and an end to it. */
export async function connectionsSection({ engines }: Parts, { user }: Own, around: Around): Promise<Html> {
  const all = await engines.identity.grants({ account: user.id });
  // Elsewhere it can do nothing, for neither can the person.
  const own = all.filter(({ realm }) => around.workspaces.has(realm)).slice(0, shownMax);
  const rows = await Promise.all(
    own.map(async (grant) => {
      const use = await engines.store.entries.get(grant.realm, useCollection, grant.id);
      return row(grant, connectionView(grant, use), { ...around, catalogue: engines.catalogue });
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

type View = z.output<typeof ConnectionView>;
type Within = Around & { readonly catalogue: Catalogue };

function row(grant: Grant, view: View, within: Within): Html {
  const { csrf, workspaces, catalogue } = within;
  const { lastUsedAt, connectedAt, scopes, resources } = view;
  const which = html`${csrf}<input type="hidden" name="workspace" value="${grant.realm}" />
    <input type="hidden" name="connection" value="${grant.id}" />`;
  return html`<li>
    <span
      >${grant.client.name} ${whereFrom(grant)}<br />
      <span class="soft"
        >In ${workspaces.get(grant.realm)}, connected ${moment(Date.parse(connectedAt))}, last used
        ${lastUsedAt === null ? "never" : moment(Date.parse(lastUsedAt))}</span
      >
      <details>
        <summary>${scopes.length === 1 ? "One scope" : `${scopes.length} scopes`}</summary>
        ${scopeGroups(catalogue, scopes).map(
          ({ heading, scopes: of }) =>
            html`<p class="soft"><b>${heading}</b>: ${of.map(({ title }) => title).join(", ")}</p>`,
        )}
      </details>
      ${resources.some(listsTools) && toolsForm(view, which, catalogue)}</span
    >
    <form method="post" action="/account/connections/end">
      ${which} <button class="plain">Disconnect<span class="unseen"> ${grant.client.name}</span></button>
    </form>
  </li>`;
}

function toolsForm({ client, toolsets }: View, which: Html, catalogue: Catalogue): Html {
  return html`<details>
    <summary>Shown the tools of ${toolsets.join(", ")}</summary>
    <form method="post" action="/account/connections/tools">
      ${which}${toolsetFields(catalogue, toolsets)}
      <p class="soft">To keep its list short: this is no limit to what it may do.</p>
      <p>
        <button class="plain">Change its tools<span class="unseen">: ${client.name}</span></button>
      </p>
    </form>
  </details>`;
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
