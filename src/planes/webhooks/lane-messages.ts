import { z } from "zod";
import type { Engines } from "../../registry/engines.ts";
import type { MessageHandler } from "../../registry/plane.ts";
import { endedWithout } from "./delivery.ts";

/** An endpoint was paused or resumed. */
export const laneMessage = "webhooks.lane";
/** An endpoint was deleted: what it still had to deliver is cancelled. */
export const cancelMessage = "webhooks.cancel";

const Lane = z.object({ lane: z.string(), held: z.boolean() });
const Cancel = z.object({ lane: z.string() });
const cancelledAtOnce = 500;

/** What changes of endpoints mean for the queue. Repeating any of them changes nothing more. */
export function laneMessages({ traffic, clock }: Engines): readonly MessageHandler[] {
  const { queue } = traffic;
  return [
    {
      name: laneMessage,
      async handle({ payload }) {
        const { lane, held } = Lane.parse(JSON.parse(payload));
        await (held ? queue.hold(lane, Infinity) : queue.resume(lane));
      },
    },
    {
      name: cancelMessage,
      async handle({ payload }) {
        const { lane } = Cancel.parse(JSON.parse(payload));
        let cancelled: number;
        do
          cancelled = await queue.cancel(lane, cancelledAtOnce, (job) =>
            endedWithout(job, "endpoint_deleted", clock.now()),
          );
        while (cancelled > 0);
        await queue.resume(lane);
      },
    },
  ];
}
