import { z } from "zod";
import type { Engines } from "../../registry/engines.ts";
import type { MessageHandler } from "../../registry/plane.ts";
import { endedWithout } from "./delivery.ts";
import { cancelMessage, laneMessage } from "./endpoint.ts";
import type { LiveEndpoints } from "./live-endpoints.ts";

const Lane = z.object({ lane: z.string(), held: z.boolean() });
const Cancel = z.object({ lane: z.string() });
const cancelledAtOnce = 500;

/** What changes of endpoints mean for the queue. Repeating any of them changes nothing more. */
export function laneMessages(
  endpoints: Pick<LiveEndpoints, "byId">,
  { traffic, clock }: Engines,
): readonly MessageHandler[] {
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
        // The deletion may be undone while this goes on: what is left then goes on too.
        const deleted = (): boolean => endpoints.byId(lane) === undefined;
        let cancelled = 1;
        while (deleted() && cancelled > 0)
          cancelled = await queue.cancel(lane, cancelledAtOnce, (job) =>
            endedWithout(job, "endpoint_deleted", clock.now()),
          );
        if (deleted()) await queue.resume(lane);
      },
    },
  ];
}
