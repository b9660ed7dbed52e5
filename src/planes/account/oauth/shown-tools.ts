import type { Grant, Pending } from "../../../engines/identity/identity.ts";
import type { Catalogue } from "../../../registry/catalogue.ts";
import type { Html } from "../../../registry/html.ts";
import { usualToolsets } from "../credentials/credential-form.ts";
import type { Form } from "../pages/page-request.ts";
import { chosenToolsets, toolsetFields } from "../pages/toolset-fields.ts";
import { listsTools } from "./own-connections.ts";

/** Boxes for what a client is shown, ticked as it was earlier; null where it is shown no tools. */
export function toolsQuestion(
  { resource }: Pending,
  earlier: Grant | undefined,
  catalogue: Catalogue,
): Html | null {
  if (!listsTools(resource)) return null;
  return toolsetFields(catalogue, earlier?.toolsets ?? usualToolsets.oauth);
}

/** What a person answered to that; without any choice, what was shown before stays. */
export function toolsAnswer({ resource }: Pending, form: Form): { readonly toolsets?: readonly string[] } {
  const toolsets = chosenToolsets(form);
  return listsTools(resource) && toolsets.length > 0 ? { toolsets } : {};
}
