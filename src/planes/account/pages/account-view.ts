import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import type { Failure } from "../../../kernel/failure.ts";
import { html, type Html } from "../../../registry/html.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { serverScope, workspace } from "../../../registry/workspace.ts";
import type { Session } from "../sessions.ts";
import type { UserRow } from "../user.ts";
import { hasPassword } from "../users.ts";
import { csrfField, currentPasswordField, newPasswordField } from "./fields.ts";
import { shown } from "./page-frame.ts";
import type { PageRequest } from "./page-request.ts";
import type { Parts } from "./parts.ts";
import { securityEvents } from "./security-events.ts";

/** What somebody who is signed in asks for. */
export type Own = { readonly request: PageRequest; readonly session: Session; readonly user: UserRow };
type Told = { readonly failure?: Failure; readonly done?: string };

const workspacesShownMax = 100;
const eventsShown = 10;

/** The account as a page; with what was done, or what went wrong, above it. */
export async function account(parts: Parts, own: Own, { failure, done }: Told = {}): Promise<RawAnswer> {
  const { user, session } = own;
  const csrf = csrfField(session.csrf);
  const body = html`${done !== undefined && html`<p class="notice" role="status">${done}</p>`}
    <div class="row">
      <p>${user.value.name}<br /><span class="soft">${user.value.email}</span></p>
      <form method="post" action="/account/sign-out">${csrf}<button class="plain">Sign out</button></form>
    </div>
    ${await workspacesSection(parts, user)} ${passwordSection(user, csrf)}
    ${await sessionsSection(parts, own, csrf)} ${await eventsSection(parts, user)}`;
  return shown({ title: "Your account", body, wide: true, failure });
}

async function workspacesSection({ engines, members }: Parts, user: UserRow): Promise<Html> {
  const roles = [...(await members.rolesOf(user.id))].slice(0, workspacesShownMax);
  const rows = await Promise.all(
    roles.map(async ([id, role]) => {
      const stored = await engines.store.records.get(id, workspace.kind, id);
      const name = stored === undefined ? id : decodedRow(workspace, stored).value.name;
      return html`<li>
        <span>${name}<br /><code>${id}</code></span
        ><span class="role">${role}</span>
      </li>`;
    }),
  );
  const none = html`<p class="soft">You belong to no workspace. An owner or admin of one can invite you.</p>`;
  return html`<section>
    <h2>Workspaces</h2>
    ${
      rows.length === 0
        ? none
        : html`<ul class="rows">
            ${rows}
          </ul>`
    }
  </section>`;
}

function passwordSection(user: UserRow, csrf: Html): Html {
  const known = hasPassword(user);
  return html`<section>
    <h2>Password</h2>
    <form class="short" method="post" action="/account/password">
      ${csrf}<input type="hidden" name="username" autocomplete="username" value="${user.value.email}" />
      ${known && currentPasswordField("Current password", "current")}
      ${newPasswordField(known ? "New password" : "Password", "needed")}
      <button>${known ? "Change password" : "Set password"}</button>
    </form>
  </section>`;
}

async function sessionsSection({ signedIn }: Parts, { user, session }: Own, csrf: Html): Promise<Html> {
  const list = await signedIn.list(user.id);
  const rows = list.map(({ id, client, lastUsedAt, createdAt, remoteAddress }) => {
    const here = id === session.id;
    return html`<li>
      <span
        >${client === "" ? "Unknown browser" : client}${here && html` <span class="role">this one</span>`}<br />
        <span class="soft"
          >Last used ${moment(lastUsedAt)}, signed in ${moment(createdAt)} from ${remoteAddress}</span
        ></span
      >
      ${
        !here &&
        html`<form method="post" action="/account/sessions/end">
          ${csrf} <input type="hidden" name="session" value="${id}" /><button class="plain">End</button>
        </form>`
      }
    </li>`;
  });
  const others =
    list.length > 1 &&
    html`<form method="post" action="/account/sessions/end-others">
      ${csrf} <button class="plain">Sign out everywhere else</button>
    </form>`;
  return html`<section>
    <h2>Where you are signed in</h2>
    <ul class="rows">
      ${rows}
    </ul>
    ${others}
  </section>`;
}

async function eventsSection({ engines }: Parts, user: UserRow): Promise<Html> {
  const audit = await engines.store.audit.list(serverScope, {
    limit: eventsShown,
    where: { subject: user.id },
  });
  const rows = securityEvents(audit).map(
    ({ at, text }) => html`<li><span>${text}</span><span class="soft">${moment(at)}</span></li>`,
  );
  return html`<section>
    <h2>What happened lately</h2>
    <ul class="rows">
      ${rows}
    </ul>
  </section>`;
}

/** To the minute, in UTC: where the reader is, is not known. */
function moment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
