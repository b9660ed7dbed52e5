import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import type { Failure } from "../../../kernel/failure.ts";
import { html, type Html } from "../../../registry/html.ts";
import { serverScope } from "../../../registry/workspace.ts";
import type { UserRow } from "../people/user.ts";
import { hasPassword } from "../people/users.ts";
import { belongingsOf, type Belonging } from "./belonging.ts";
import { connectionsSection } from "./connections-section.ts";
import { csrfField, currentPasswordField, newPasswordField } from "./fields.ts";
import { moment } from "./moment.ts";
import { shown } from "./page-frame.ts";
import type { Own } from "./own.ts";
import type { Parts } from "./parts.ts";
import { keysCss, personalKeysSection } from "./personal-keys-section.ts";
import { securityEvents } from "./security-events.ts";

type Told = {
  readonly failure?: Failure;
  readonly done?: string;
  /** The text of a personal key that was just made. */
  readonly created?: string;
};

const eventsShown = 10;

/** The account as a page; with what was done, or what went wrong, above it. */
export async function account(
  parts: Parts,
  own: Own,
  { failure, done, created }: Told = {},
): Promise<RawAnswer> {
  const { user, session } = own;
  const csrf = csrfField(session.csrf);
  const belongs = await belongingsOf(parts, user.id);
  const workspaces = new Map(belongs.map(({ id, name }) => [id, name]));
  const body = html`${done !== undefined && html`<p class="notice" role="status">${done}</p>`}
    <div class="row">
      <p>${user.value.name}<br /><span class="soft">${user.value.email}</span></p>
      <form method="post" action="/account/sign-out">${csrf}<button class="plain">Sign out</button></form>
    </div>
    ${workspacesSection(belongs)} ${await connectionsSection(parts, own, { csrf, workspaces })}
    ${await personalKeysSection(parts, own, { csrf, created })} ${passwordSection(user, csrf)}
    ${await sessionsSection(parts, own, csrf)} ${await eventsSection(parts, user)}`;
  return shown({ title: "Your account", body, wide: true, failure, css });
}

function workspacesSection(belongs: readonly Belonging[]): Html {
  const rows = belongs.map(
    ({ id, name, role }) =>
      html`<li>
        <span>${name}<br /><code>${id}</code></span
        ><span class="role">${role}</span>
      </li>`,
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

const css = `${keysCss}
.notice p:last-child { margin-bottom: 0; }
.rows code { overflow-wrap: anywhere; } .rows :is(p, details) { margin: .25rem 0 0; font-size: .875rem; }
.rows li:has(details[open]) { align-items: start; }
@media (max-width: 30rem) { .rows li:has(form) > :first-child { flex-basis: 100%; } }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
