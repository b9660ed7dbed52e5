import { hasCsrf } from "../people/sessions.ts";
import { foreignForm } from "./foreign-form-refusal.ts";
import type { Own } from "./own.ts";
import type { Parts } from "./parts.ts";

/** Another site may have made the browser send it. @throws Failure forbidden, always */
export function refuseForeignForm(
  { note }: Pick<Parts, "note">,
  { from }: { readonly from: { readonly remoteAddress: string } },
  subjects: readonly string[] = [],
): never {
  const refusal = foreignForm("This form was too old, or your browser keeps no cookies.", "Send it again.");
  note({ ...refusal.event, subjects, remoteAddress: from.remoteAddress });
  throw refusal;
}

/** @throws Failure forbidden when the form is not of this session */
export function requireCsrf(parts: Pick<Parts, "note">, { request, session, user }: Own): void {
  if (!hasCsrf(session, request.form("csrf"))) refuseForeignForm(parts, request, [user.id]);
}
