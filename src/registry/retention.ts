import { isClockDoubted } from "./clock-doubt.ts";
import type { Engines } from "./engines.ts";
import { everyWorkspace } from "./every-workspace.ts";

const dayMs = 86_400_000;

/** Of every workspace, before which moment its plan keeps nothing; none of them while the clock is doubted. */
export async function* retentions(
  engines: Pick<Engines, "store" | "clock" | "log">,
): AsyncGenerator<{ readonly workspace: string; readonly before: number }> {
  if (await isClockDoubted(engines)) return;
  for await (const { id, value } of everyWorkspace(engines))
    yield { workspace: id, before: engines.clock.now() - value.plan.retentionDays * dayMs };
}
