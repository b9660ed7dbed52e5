import type { Command, Surroundings } from "../../src/commands/command.ts";
import { cliClient, type Client } from "../../src/engines/outbound/client.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { Failure } from "../../src/kernel/failure.ts";
import { Secret } from "../../src/kernel/secret.ts";

export type Place = {
  /** The data folder. */
  readonly folder: string;
  /** The URL of a PostgreSQL database; null = files in the folder. */
  readonly database: string | null;
  readonly clock?: Surroundings["clock"];
};

/** Nothing listens there. */
const nowhere = "http://127.0.0.1:9";
export const exampleVersion = "9.8.7";

/** What a command is handed here, with a server at `url` that the client asks. */
export function surroundingsHere(
  { folder, database, clock = wallClock }: Place,
  { url, client, print }: Pick<Surroundings, "print"> & { readonly url: string; readonly client: Client },
): Surroundings {
  return {
    folder,
    database: database === null ? null : new Secret(database),
    hasOwnKeys: false,
    publicUrl: null,
    allow: [],
    version: exampleVersion,
    clock,
    server: { url, hasKey: false, call: client.call },
    print,
    progress: () => {},
  };
}

/**
 * Runs a command in this process as `main` would: what it printed, or the failure that it ended with. For what would
 * take a process of its own dozens of times.
 */
export async function commandHere(
  command: Command,
  args: readonly string[],
  place: Place,
): Promise<{ readonly code: number; readonly output: string; readonly failure: Failure | undefined }> {
  const client = cliClient(nowhere, null);
  let output = "";
  const print = (line: string): void => void (output += `${line}\n`);
  try {
    const code = await command.run(args, surroundingsHere(place, { url: nowhere, client, print }));
    return { code, output, failure: undefined };
  } catch (error) {
    if (error instanceof Failure) return { code: 1, output, failure: error };
    throw error;
  } finally {
    await client.close();
  }
}
