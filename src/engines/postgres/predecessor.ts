import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Node } from "./node.ts";

const Predecessor = z.object({ id: z.string(), host: z.string() });

/**
 * A node that was killed holds what it held until that lapses. The next process in its data folder, which one process has
 * at a time, knows that it is dead and takes from it what it holds, with `releases`: statements whose only parameter is
 * the id of the node. Not when that node was on another host: then the folder is a copy, and the node may be alive.
 *
 * @throws Failure unavailable
 */
export async function succeedPredecessor(
  { id, database }: Pick<Node, "id" | "database">,
  { folder, host }: { readonly folder: string; readonly host: string },
  releases: readonly string[],
): Promise<void> {
  const file = join(folder, "node.json");
  const dead = readPredecessor(file);
  if (dead?.host === host) for (const release of releases) await database.query(release, [dead.id]);
  writeFileSync(`${file}.draft`, `${JSON.stringify({ id, host })}\n`, { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}

function readPredecessor(file: string): z.output<typeof Predecessor> | undefined {
  try {
    return Predecessor.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // Nobody was here before, or someone broke it: then everything lapses.
    return undefined;
  }
}
