import { isClockDoubted } from "./clock-doubt.ts";
import type { Engines } from "./engines.ts";
import { everyWorkspace } from "./every-workspace.ts";

const dayMs = 86_400_000;

/**
 * Of every workspace, before which moment its plan keeps nothing; none of them while the clock is doubted. Whole days
 * (UTC) go: a database that keeps them apart need not look for the rows of each minute.
 */
export async function* retentions(
  engines: Pick<Engines, "store" | "clock" | "log">,
): AsyncGenerator<{ readonly workspace: string; readonly before: number }> {
  if (await isClockDoubted(engines)) return;
  const today = Math.floor(engines.clock.now() / dayMs) * dayMs;
  for await (const { id, value } of everyWorkspace(engines))
    yield { workspace: id, before: today - value.plan.retentionDays * dayMs };
}
