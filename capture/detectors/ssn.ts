import { byForm } from "./detector.ts";

/** Social security numbers of the United States as they are written, without areas, groups and serials that none has. */
export const ssn = byForm(
  { trigger: String.raw`\d{3}[- ]\d{2}[- ]\d{4}`, marks: "-0123456789" },
  /(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])/g,
  (_, { index, 0: found }) => [index, index + found.length],
);
