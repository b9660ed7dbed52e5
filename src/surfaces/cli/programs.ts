import type { Builtin } from "./command-name.ts";
import { configBuiltin, runConfig } from "./config/config-command.ts";
import type { Surroundings } from "./config/surroundings.ts";
import { connectBuiltin, runConnect } from "./connect-command.ts";

/** A command that reads its own words and runs to an exit code. */
export type Program = {
  readonly builtin: Builtin;
  readonly run: (args: readonly string[], cli: Surroundings) => Promise<number>;
};

export const programs: readonly Program[] = [
  { builtin: configBuiltin, run: runConfig },
  { builtin: connectBuiltin, run: runConnect },
];
