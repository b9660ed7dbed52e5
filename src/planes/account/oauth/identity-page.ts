import type { IdentityPage } from "../../../engines/identity/identity.ts";
import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { html } from "../../../registry/html.ts";
import { shown } from "../pages/page-frame.ts";

const problems = {
  unknown: new Failure("invalid", "There is no such code, or it is over.", {
    hint: "Look at the device and type the code that it shows now.",
  }),
  aborted: new Failure("invalid", "The device was not connected.", {
    hint: "You can close this window, or type the code of another device.",
  }),
  failed: new Failure("invalid", "The device could not be connected.", { hint: "Type its code again." }),
} as const;

const errors: Readonly<Record<string, string>> = {
  invalid_client: "This server does not know the client, or forgot it because it was not used.",
  invalid_redirect_uri: "The client wants to be answered at an address that it did not register.",
};

/** What the authorization server has to show, as a page of ours. */
export function identityPage(page: IdentityPage): RawAnswer {
  if (page.kind === "user-code") return codeForm(page);
  if (page.kind === "confirm-device") return confirmation(page);
  if (page.kind === "error") return trouble(page);
  return shown({
    title: "Connected",
    body: html`<p><strong>${page.client}</strong> goes on by itself. You can close this window.</p>`,
  });
}

type Of<K extends IdentityPage["kind"]> = Extract<IdentityPage, { readonly kind: K }>;

function trouble({ error, description }: Of<"error">): RawAnswer {
  return shown({
    title: "This cannot go on",
    body: html`<p>${errors[error] ?? "The client asked for something that is not possible here."}</p>
      <p class="soft">${description} (<code>${error}</code>)</p>
      <p>Start again from the client that you wanted to connect.</p>`,
  });
}

function codeForm({ action, xsrf, userCode, problem }: Of<"user-code">): RawAnswer {
  return shown({
    title: "Connect a device",
    failure: problem === null ? undefined : problems[problem],
    body: html`<form method="post" action="${new URL(action).pathname}">
      <input type="hidden" name="xsrf" value="${xsrf}" />
      <label for="user_code">The code that it shows</label>
      <input
        id="user_code"
        name="user_code"
        value="${userCode}"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        maxlength="20"
        required
      />
      <button class="whole">Continue</button>
    </form>`,
  });
}

function confirmation({ action, xsrf, userCode, client, remoteAddress }: Of<"confirm-device">): RawAnswer {
  return shown({
    title: "Is this your device?",
    body: html`<p>It calls itself <strong>${client}</strong> and has to show this code:</p>
      <p class="code">${userCode}</p>
      <p class="notice">
        It asked from ${remoteAddress}. If you did not start this, or somebody sent you the code, stop here.
      </p>
      <form method="post" action="${new URL(action).pathname}">
        <input type="hidden" name="xsrf" value="${xsrf}" />
        <input type="hidden" name="user_code" value="${userCode}" />
        <div class="decide">
          <button name="confirm" value="yes">Yes, it is</button>
          <button class="plain" name="abort" value="yes">Stop</button>
        </div>
      </form>`,
    css,
  });
}

const css = `
.code { font: 600 1.6rem var(--mono); letter-spacing: .08em; text-align: center; margin: .5rem 0 1rem; }
.decide { display: flex; gap: .75rem; } .decide button { flex: 1; }
`;
