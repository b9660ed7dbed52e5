import { z } from "zod";
import type { Engines } from "../../registry/engines.ts";
import type { MessageHandler } from "../../registry/plane.ts";
import { decodedRow } from "../../registry/unit.ts";
import { endedWithout } from "./delivery.ts";
import { cancelMessage, endpoint, laneMessage } from "./endpoint.ts";

const Payload = z.object({ lane: z.string() });
const cancelledAtOnce = 500;
/** An endpoint that goes on changing while it is looked at sends a message each time. */
const looksMax = 10;

type State = "active" | "paused" | "deleted";

/**
 * What changes of endpoints mean for the queue. A message says only which lane to look at: the lane is made to fit what
 * the store has of its endpoint, and looked at again until that stayed the same meanwhile. So messages may come twice, late
 * and in any order.
 */
export function laneMessages(
  engines: Pick<Engines, "traffic" | "store" | "clock">,
): readonly MessageHandler[] {
  return [laneMessage, cancelMessage].map((name) => ({
    name,
    async handle({ workspace, payload }) {
      const { lane } = Payload.parse(JSON.parse(payload));
      const look = (): Promise<State> => stateOf(workspace, lane, engines);
      let state = await look();
      for (let n = 0; n < looksMax; n++) {
        await settle(lane, state, look, engines);
        const now = await look();
        if (now === state) return;
        state = now;
      }
    },
  }));
}

async function stateOf(workspace: string, id: string, { store }: Pick<Engines, "store">): Promise<State> {
  const stored = await store.records.get(workspace, endpoint.kind, id);
  if (stored === undefined) return "deleted";
  return decodedRow(endpoint, stored).value.isActive ? "active" : "paused";
}

async function settle(
  lane: string,
  state: State,
  look: () => Promise<State>,
  { traffic, clock }: Pick<Engines, "traffic" | "clock">,
): Promise<void> {
  const { queue } = traffic;
  if (state === "active") return queue.resume(lane);
  if (state === "paused") return queue.hold(lane, Infinity);
  const cancel = (): Promise<number> =>
    queue.cancel(lane, cancelledAtOnce, (job) => endedWithout(job, "endpoint_deleted", clock.now()));
  // The deletion may be undone while this goes on: what is left then goes on too.
  while ((await cancel()) > 0) if ((await look()) !== "deleted") return undefined;
  if ((await look()) === "deleted") await queue.resume(lane);
  return undefined;
}
