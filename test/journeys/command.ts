import type { TestContext } from "node:test";
import { exampleKey, launch } from "./server-process.ts";

/** What a command printed, and the exit code it ended with. */
export type Ran = { readonly code: number | null; readonly output: string; readonly log: string };

export type CommandLine = {
  /** The data folder. */
  readonly folder: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

/** Runs a command of the product to its end, with the key of the journeys' servers. */
export async function runCommand(t: TestContext, { folder, args, environment }: CommandLine): Promise<Ran> {
  const launched = launch(t, {
    folder,
    command: [process.execPath, "src/main.ts", ...args],
    environment: { SLUICE_API_KEY: exampleKey, ...environment },
  });
  const { code } = await launched.ended;
  return { code, output: launched.output(), log: launched.log() };
}
