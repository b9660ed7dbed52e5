import { z } from "zod";
import { resource } from "../../../registry/resource.ts";
import { SelectionForm } from "../selection-form.ts";
import { ruleShape } from "./rule.ts";

export const samplingForm = z.object({
  selection: SelectionForm,
  rate: z.number().min(0).max(1).describe("The share that is recorded: 0.1 = one in ten. All are counted."),
  keepErrors: z
    .boolean()
    .default(true)
    .describe("Record every answer of 500 and up, and every failure, all the same."),
});

/** Of what matches, how much is recorded. The oldest rule that matches decides. */
export const sampling = resource({
  kind: "sampling",
  prefix: "smp",
  shape: z.object({ ...ruleShape, ...samplingForm.shape }),
  keys: ({ name }) => ({ name }),
});
