import { z } from "zod";
import { resource } from "../../../registry/resource.ts";
import { SelectionForm } from "../selection-form.ts";
import { ruleShape } from "./rule.ts";

export const exclusionForm = z.object({ selection: SelectionForm });

/** What is not recorded, and counted all the same. */
export const exclusion = resource({
  kind: "exclusion",
  prefix: "exc",
  shape: z.object({ ...ruleShape, ...exclusionForm.shape }),
  keys: ({ name }) => ({ name }),
});
