import { z } from "zod";
import { detectorNames } from "../../../../capture/wire.ts";
import { resource } from "../../../registry/resource.ts";
import { ruleShape } from "./rule.ts";

export const places = [
  "request.headers",
  "request.query",
  "request.path",
  "request.body",
  "response.headers",
  "response.body",
] as const;

const text = z.string().min(1).max(200);

export const redactionForm = z.object({
  category: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,29}$/, "a lowercase word of at most 30 characters")
    .describe("What its values are, as in `REDACTED-<category>-<hash>`."),
  places: z
    .array(z.enum(places))
    .max(places.length)
    .default([])
    .describe("Where it looks; none = everywhere."),
  match: z
    .union([
      z.strictObject({ header: text }),
      z.strictObject({ field: text }),
      z.strictObject({ pattern: text }),
      z.strictObject({ detector: z.enum(detectorNames) }),
    ])
    .describe(
      "A header by name; a field by name at any depth (`password`) or from the root (`$.items[*].pan`); a pattern of linear time; or a built-in detector (`card`, `iban`, `email`…).",
    ),
});

/** What becomes a token before anything is stored. Those that are built in always apply besides. */
export const redaction = resource({
  kind: "redaction",
  prefix: "red",
  shape: z.object({ ...ruleShape, ...redactionForm.shape }),
  keys: ({ name }) => ({ name }),
});
