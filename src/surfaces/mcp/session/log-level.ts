import { z } from "zod";
import type { Engines } from "../../../registry/engines.ts";
import { LogLevel } from "../conversation.ts";
import { writeEntries } from "./entry-writer.ts";
import { sessionMs, type Session } from "./session.ts";

const key = "level";
const Stored = z.object({ level: LogLevel });

/** What a session is told unless it says otherwise. */
const usual: LogLevel = "info";

/** From which level on a session is told of what happens in its calls, at every node. */
export async function logLevelOf(
  { id, owner }: Session,
  { store }: Pick<Engines, "store">,
): Promise<LogLevel> {
  const stored = await store.entries.get(owner.workspace, collectionOf(id), key);
  return stored === undefined ? usual : Stored.parse(stored).level;
}

export async function setLogLevel(
  { id, owner }: Session,
  level: LogLevel,
  engines: Pick<Engines, "store" | "clock">,
): Promise<void> {
  const expiresAt = engines.clock.now() + sessionMs;
  await writeEntries(engines, owner, [
    { collection: collectionOf(id), key, value: { level }, expiresAt, mustBeNew: false },
  ]);
}

function collectionOf(id: string): string {
  return `mcp_log_level/${id}`;
}
