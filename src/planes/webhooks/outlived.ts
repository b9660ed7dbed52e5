import type { Engines } from "../../registry/engines.ts";
import type { Upkeep } from "../../registry/plane.ts";
import { retentions } from "../../registry/retention.ts";
import { deliverJob, endedWithout, redeliverJob, testJob } from "./delivery.ts";

const jobsPerRound = 500;

/**
 * Ends deliveries that are still open when the plan keeps their event no longer, such as those that a paused endpoint
 * holds: what is open keeps its event, so that without an end nothing of it would ever go.
 */
export function outlived(engines: Engines): Upkeep {
  const { traffic, clock } = engines;
  return {
    name: "ending what is held too long",
    everyMs: 60_000,
    by: "one",
    async run() {
      let isLeft = false;
      for await (const { workspace, before } of retentions(engines)) {
        const open = {
          workspace,
          names: [deliverJob, testJob, redeliverJob],
          receivedTo: before,
          limit: jobsPerRound,
        };
        const ended = await traffic.queue.cancelOpen(open, (job) =>
          endedWithout(job, "expired", clock.now()),
        );
        isLeft ||= ended > 0;
      }
      return isLeft ? "more" : "done";
    },
  };
}
