import { z } from "zod";

export const refusalsTold = 100;

/** What became of an archive. */
export const ImportOutcome = z.object({
  stored: z.int(),
  alreadyThere: z.int().describe("Stored by an earlier import."),
  leftOut: z.int().describe("By exclusions and samplings in force."),
  refusedInAll: z.int(),
  refused: z
    .array(z.object({ pointer: z.string(), message: z.string() }))
    .describe(`The first ${refusalsTold}.`),
  environment: z.string(),
  bucket: z.string(),
  from: z.iso.datetime().nullable().describe("When the first of those that could be stored began."),
  to: z.iso.datetime().nullable(),
});
export type ImportOutcome = z.output<typeof ImportOutcome>;
