import type { Check } from "./check.ts";
import { files } from "./checks/files.ts";
import { integrity } from "./checks/integrity.ts";
import { schemas } from "./checks/schemas.ts";

/** What is looked at of SQLite's files. They find nothing when everything is in PostgreSQL, whatever files lie there. */
export const fileChecks: readonly Check[] = [files, integrity, schemas].map(({ name, look }) => ({
  name,
  look: async (subject) => ((await subject.database()) === undefined ? look(subject) : []),
}));
