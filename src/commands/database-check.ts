import { Failure } from "../kernel/failure.ts";
import type { Check, Finding, Subject } from "./check.ts";
import type { Reached } from "./reach.ts";

export type DatabaseLook = (
  reached: Reached,
  subject: Subject,
) => readonly Finding[] | Promise<readonly Finding[]>;

/**
 * A check of PostgreSQL. It finds nothing when everything is in files, when the database cannot be reached, which the
 * check `database` tells, or when it lacks one of `tables`, as before the first start of a server.
 */
export function databaseCheck(name: string, tables: readonly string[], look: DatabaseLook): Check {
  return {
    name,
    async look(subject) {
      const reached = await subject.database();
      if (reached === undefined || reached instanceof Failure) return [];
      return tables.every((table) => reached.tables.has(table)) ? look(reached, subject) : [];
    },
  };
}
