import { z } from "zod";
import { resource } from "../../../registry/resource.ts";
import { SelectionForm } from "../selection-form.ts";
import { ruleShape } from "./rule.ts";

export const blockForm = z.object({
  selection: SelectionForm.refine(({ statuses }) => statuses === undefined, {
    path: ["statuses"],
    message: "what is blocked has no status yet",
  }).meta({ examples: [{ userAgent: "*Bot*" }] }),
  status: z.int().min(400).max(599).default(403).describe("What a blocked request is answered."),
  message: z.string().min(1).max(200).default("This request was blocked.").describe("The answer's text."),
});

/** What is answered before the application sees it, where the agent or the proxy stands in front of it. */
export const block = resource({
  kind: "block",
  prefix: "blk",
  shape: z.object({ ...ruleShape, ...blockForm.shape }),
  keys: ({ name }) => ({ name }),
});
