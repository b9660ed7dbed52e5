import { z } from "zod";
import { defaultRules } from "../../../../capture/default-rules.ts";

export const DefaultRedactions = z
  .record(z.string(), z.int())
  .describe("How many rules are built in, by category. They always apply.");

/** In the form of `DefaultRedactions`. */
export const defaultRedactions: z.output<typeof DefaultRedactions> = Object.fromEntries(
  [...Map.groupBy(defaultRules, ({ category }) => category)].map(([category, { length }]) => [
    category,
    length,
  ]),
);
