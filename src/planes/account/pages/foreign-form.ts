import { NotedRefusal } from "../noted-refusal.ts";
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

export function foreignForm(message: string, hint: string): NotedRefusal {
  return new NotedRefusal({ operation: "foreign_form_refused" }, "forbidden", message, { hint });
}
