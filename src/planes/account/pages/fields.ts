import { html, type Html } from "../../../registry/html.ts";

/** Who somebody is, as password managers and browsers know to fill it in. */
export function nameField(value: string): Html {
  return html`<label for="name">Name</label>
    <input id="name" name="name" autocomplete="name" required maxlength="100" value="${value}" />`;
}

export function emailField(value: string): Html {
  return html`<label for="email">Email</label>
    <input
      id="email"
      name="email"
      type="email"
      autocomplete="username"
      required
      maxlength="254"
      value="${value}"
    />`;
}

/** An email that is not to be changed here; browsers store the password with it. */
export function knownEmail(email: string): Html {
  return html`<label for="email">Email</label>
    <input id="email" type="email" autocomplete="username" readonly value="${email}" />`;
}

export function newPasswordField(label: string, needed: "needed" | "may be left empty"): Html {
  return html`<label for="password">${label}</label>
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="new-password"
      maxlength="256"
      ${needed === "needed" && html` required`}
    />
    <p class="hint">At least 12 characters; several words are easy to remember.</p>`;
}

/** The password there is; `name` is of the field. */
export function currentPasswordField(label: string, name: string): Html {
  return html`<label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="password"
      autocomplete="current-password"
      required
      maxlength="256"
    />`;
}

export function csrfField(csrf: string): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}" />`;
}
