import { NotedRefusal } from "../noted-refusal.ts";

/** Another site may have made the browser send the form; to be noted. */
export function foreignForm(message: string, hint: string): NotedRefusal {
  return new NotedRefusal({ operation: "foreign_form_refused" }, "forbidden", message, { hint });
}
