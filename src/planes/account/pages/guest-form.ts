import { createHmac, randomBytes } from "node:crypto";
import { sameBytes } from "../../../kernel/secret.ts";
import { html, type Html } from "../../../registry/html.ts";
import { cookieOf, setCookie, settingCookies } from "../people/cookie.ts";
import { refuseForeignForm } from "./foreign-form.ts";
import type { PageRequest } from "./page-request.ts";
import type { Parts } from "./parts.ts";

/** What makes a form of somebody who is not signed in theirs: a field of it follows from a cookie that only we set. */
export type GuestForm = {
  /** The field. */
  readonly field: Html;
  /** Set the cookie, where the browser has none yet. */
  readonly headers: ReturnType<typeof settingCookies>;
};

const cookieName = "sluice_form";
const keptMs = 24 * 3_600_000;

export function guestForm({ cookie }: Pick<PageRequest, "cookie">, publicUrl: string): GuestForm {
  const secure = publicUrl.startsWith("https://");
  const known = knownToken(cookie, secure);
  const token = known ?? randomBytes(32).toString("base64url");
  return {
    field: html`<input type="hidden" name="csrf" value="${fieldOf(token)}" />`,
    headers: settingCookies(
      known === undefined ? [setCookie(cookieName, token, { secure, maxAgeMs: keptMs })] : [],
    ),
  };
}

/** @throws Failure forbidden when the form is not one that this browser was given */
export function requireOwnForm(
  parts: Pick<Parts, "engines" | "note">,
  request: Pick<PageRequest, "cookie" | "form" | "from">,
): void {
  const token = knownToken(request.cookie, parts.engines.settings.publicUrl.startsWith("https://"));
  const isOwn =
    token !== undefined && sameBytes(Buffer.from(fieldOf(token)), Buffer.from(request.form("csrf")));
  if (!isOwn) refuseForeignForm(parts, request);
}

function knownToken(cookie: string | undefined, secure: boolean): string | undefined {
  const token = cookieOf(cookieName, cookie, secure);
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : undefined;
}

function fieldOf(token: string): string {
  return createHmac("sha256", token).update("form").digest("base64url");
}
