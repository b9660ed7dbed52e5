import { eventually } from "./eventually.ts";
import type { ServerProcess } from "./server-process.ts";

const program = new URL("./faulty-serve.ts", import.meta.url).pathname;

/** What a server that goes wrong at a named point says once it is told that it may. */
export const armedMark = "armed";

/** What one that stands still says just before. */
export const stoppedMark = "stopping here";

/** What one that kills itself says just before, followed by the id of the event that it was at work on. */
export const dyingMark = "dying at ";

/** The command of a server with these faults in it, each `<name>=<argument>`: see `faults.ts`. */
export function faulty(...faults: readonly string[]): readonly string[] {
  return [process.execPath, program, ...faults];
}

/** From now on the server goes wrong where it was told to. */
export async function arm(server: ServerProcess): Promise<void> {
  server.send("SIGUSR2");
  await said(server, armedMark);
}

/** Resolves once the server has said so. */
export async function said(server: ServerProcess, mark: string): Promise<void> {
  await eventually(`the server saying "${mark}"`, async () =>
    server.log().split("\n").includes(mark) ? true : undefined,
  );
}

/** The id of the event at which the server killed itself; undefined if it did not. */
export function diedAt(server: Pick<ServerProcess, "log">): string | undefined {
  const line = server
    .log()
    .split("\n")
    .find((text) => text.startsWith(dyingMark));
  return line?.slice(dyingMark.length);
}
