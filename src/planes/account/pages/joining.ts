import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import type { Failure } from "../../../kernel/failure.ts";
import { html, type Html } from "../../../registry/html.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { workspace } from "../../../registry/workspace.ts";
import type { InvitationRow } from "../people/invitation.ts";
import type { UserRow } from "../people/user.ts";
import { externalButton } from "./external-button.ts";
import { csrfField, knownEmail, nameField, newPasswordField } from "./fields.ts";
import { guestForm, type GuestForm } from "./guest-form.ts";
import { shown } from "./page-frame.ts";
import type { PageRequest } from "./page-request.ts";
import type { Parts } from "./parts.ts";

/** An invitation, and whose browser it was opened in. */
export type Opened = {
  readonly request: PageRequest;
  readonly path: string;
  readonly invited: InvitationRow;
  /** Who has the email that it is for. */
  readonly owner: UserRow | undefined;
  /** Who is signed in. */
  readonly signedIn: { readonly user: UserRow; readonly csrf: string } | undefined;
};

/** What is shown of an invitation: who it is for may join, others are told how to become that one. */
export async function joining(parts: Parts, opened: Opened, failure?: Failure): Promise<RawAnswer> {
  const { engines } = parts;
  const { invited } = opened;
  const stored = await engines.store.records.get(invited.workspace, workspace.kind, invited.workspace);
  const name = stored === undefined ? "a workspace" : decodedRow(workspace, stored).value.name;
  const guest = guestForm(opened.request, engines.settings.publicUrl);
  return shown({
    title: `Join ${name}`,
    failure,
    headers: guest.headers,
    body: html`<p>
        You are invited to the workspace <b>${name}</b> on this server as <b>${invited.value.role}</b>.
      </p>
      ${waysIn(engines, opened, guest)}`,
  });
}

function waysIn(
  { federation }: Parts["engines"],
  { signedIn, owner, invited, path, request }: Opened,
  guest: GuestForm,
): Html {
  const { email } = invited.value;
  if (signedIn !== undefined && signedIn.user.id === owner?.id)
    return html`<form method="post" action="${path}">
      ${csrfField(signedIn.csrf)}<button class="whole">Join as ${signedIn.user.value.name}</button>
    </form>`;
  if (signedIn !== undefined)
    return html`<p>
        It is for <b>${email}</b>, and you are signed in as
        <b>${signedIn.user.value.email ?? signedIn.user.value.name}</b>. Sign out, then open the link again.
      </p>
      <form method="post" action="/account/sign-out">
        ${csrfField(signedIn.csrf)}<button class="whole plain">Sign out</button>
      </form>`;
  if (owner !== undefined)
    return html`<p>
      <a class="whole main" href="/sign-in?next=${encodeURIComponent(path)}">Sign in as ${email}</a>
    </p>`;
  const external =
    federation !== null &&
    html`${externalButton(federation, { label: "Join", next: path, field: guest.field })}
      <p class="or">or</p>`;
  return html`${external}
    <form method="post" action="${path}">
      ${guest.field}${knownEmail(email)}${nameField(request.form("name"))}${newPasswordField("Password", "needed")}
      <button class="whole">Join</button>
    </form>`;
}
