import { eventually } from "./eventually.ts";
import type { ServerProcess } from "./server-process.ts";

const program = new URL("./faulty-serve.ts", import.meta.url).pathname;

/** What a server that goes wrong at a named point says once it is told that it may. */
export const armedMark = "armed";

/** The command of a server with these faults in it, each `<name>=<argument>`: see `faults.ts`. */
export function faulty(...faults: readonly string[]): readonly string[] {
  return [process.execPath, program, ...faults];
}

/** From now on the server goes wrong where it was told to. */
export async function arm(server: ServerProcess): Promise<void> {
  server.send("SIGUSR2");
  await eventually("the server being armed", async () =>
    server.log().split("\n").includes(armedMark) ? true : undefined,
  );
}
