import { z } from "zod";
import { bounded, type Ask } from "./row.ts";
import type { Store } from "./store.ts";

const messageRows = z.array(
  z.object({ id: z.string(), workspace: z.string(), name: z.string(), payload: z.string() }),
);
const pending = "select id, workspace, name, payload from outbox order by seq limit ?";

export function pendingMessages(ask: Ask): Store["outbox"]["pending"] {
  return async (limit) => messageRows.parse(await ask(pending, bounded(limit)));
}
