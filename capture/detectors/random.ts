import { byForm } from "./detector.ts";

const leastCharacters = 20;
/** Identifiers that are public: UUIDs, ULIDs, and hex digits as databases and traces have them. */
const identifier =
  /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9a-f]{24}|[0-9a-f]{32}|\d+)$/i;

/**
 * Long runs that nobody would write or speak, such as tokens of links that reset a password: at least 20 characters
 * of letters and digits in which every fourth differs in kind from the one before it.
 */
export const random = byForm(
  {
    trigger: `[\\w-]{${leastCharacters}}`,
    marks: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  },
  /[\w-]+/g,
  (_, { index, 0: run }) =>
    run.length >= leastCharacters && !identifier.test(run) && changes(run) * 4 >= run.length
      ? [index, index + run.length]
      : undefined,
);

/** How often a letter follows a digit, or one case the other. */
function changes(run: string): number {
  return run.match(/\d(?=[A-Za-z])|[a-z](?=[A-Z\d])|[A-Z](?=[a-z\d])/g)?.length ?? 0;
}
