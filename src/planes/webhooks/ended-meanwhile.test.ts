import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { sharedPostgres } from "../../../test/postgres-server.ts";
import {
  openRunningWorld,
  type MadeEndpoint,
  type Reply,
  type RunningWorld,
} from "../../../test/running-world.ts";
import type { Engines } from "../../registry/engines.ts";
import { getDashboardSummary } from "./operations/get-dashboard-summary.ts";
import { getLogDetail } from "./operations/get-log-detail.ts";
import { listLogs } from "./operations/list-logs.ts";
import { waitForWebhook } from "./operations/wait-for-webhook.ts";

/* What is told of an event is put together from several reads. It ends between two of them: the answer says one thing of it. */

const engines = [
  ["SQLite", async () => null],
  ["PostgreSQL", async () => (await sharedPostgres()).newDatabase()],
] as const;

for (const [engine, newDatabase] of engines)
  describe(`an event that ends while it is looked at, over ${engine}`, () => {
    let meanwhile: (() => Promise<unknown>) | undefined;
    let answerAll: (() => void) | undefined;
    let world: RunningWorld;
    let workspace: string;
    let orders: MadeEndpoint;
    before(async () => {
      world = await openRunningWorld((real) => interrupted(real, takeTurn), await newDatabase());
    });
    after(() => world.close());
    beforeEach(async () => {
      workspace = await world.newWorkspace();
      orders = await world.endpointIn(workspace, { maxAttempts: 2 });
    });

    afterEach(() => answerAll?.());

    /** Once: what it waits for reads as well. */
    async function takeTurn(): Promise<void> {
      const turn = meanwhile;
      meanwhile = undefined;
      await turn?.();
    }

    /** Webhooks whose first delivery is under way until it is told to end, right before the next read of attempts. */
    async function underWay(count = 1): Promise<readonly string[]> {
      const replies = Array.from({ length: count }, () => Promise.withResolvers<Reply>());
      answerAll = () => replies.forEach(({ resolve }) => resolve({ status: 200 }));
      let came = 0;
      world.target.answer(() => replies[came++]?.promise ?? { status: 200 });
      const already = world.target.reached.length;
      const ids: string[] = [];
      for (const _ of replies) ids.push((await world.arrive(orders)).id);
      await world.target.came(already + 1);
      meanwhile = async () => {
        replies[0]?.resolve({ status: 200 });
        return world.endingOf(workspace, ids[0] ?? "");
      };
      return ids;
    }

    test("list_logs tells the state that the attempts beside it have led to", async () => {
      const [id] = await underWay();
      const { logs } = await world.call(workspace, listLogs, { endpointId: orders.id });
      assert.partialDeepStrictEqual(logs, [
        { id, state: "delivered", attempts: 1, lastAttempts: [{ outcome: "delivered" }] },
      ]);
    });

    test("list_logs of what is pending leaves out what is no longer, and goes on after it", async () => {
      const [, second] = await underWay(2);
      const asked = { endpointId: orders.id, status: "pending", limit: 1 };
      const { logs, nextCursor } = await world.call(workspace, listLogs, asked);
      assert.deepEqual(logs, []);
      const next = await world.call(workspace, listLogs, { ...asked, cursor: nextCursor });
      assert.partialDeepStrictEqual(next["logs"], [{ id: second, state: "pending", attempts: 0 }]);
      assert.equal(next["nextCursor"], null);
    });

    test("get_log_detail tells the state that its attempts have led to", async () => {
      const [id] = await underWay();
      assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: id }), {
        state: "delivered",
        attempts: [{ outcome: "delivered" }],
      });
    });

    test("wait_for_webhook tells no error of an attempt that is not the latest", async () => {
      world.target.answer(() => ({ status: 500 }));
      const { id } = await world.arrive(orders);
      await world.attemptsAt(workspace, id, 1);
      world.target.answer(() => ({ status: 200 }));
      meanwhile = async () => {
        world.moveOn(6_000);
        return world.endingOf(workspace, id);
      };
      const asked = { endpointId: orders.id, until: "attempted", position: 0 };
      const { log } = await world.call(workspace, waitForWebhook, asked);
      assert.partialDeepStrictEqual(log, { id, state: "delivered", error: null });
    });

    test("figures count it once, as pending or as delivered", async () => {
      await underWay();
      const { totals } = await world.call(workspace, getDashboardSummary, {});
      assert.partialDeepStrictEqual(totals, { received: 1, delivered: 1, pending: 0 });
    });
  });

/** Something happens right before attempts are read, or what became of events is counted. */
function interrupted({ ledger, ...rest }: Engines, happen: () => Promise<void>): Engines {
  return {
    ...rest,
    ledger: {
      ...ledger,
      async attemptsOf(...asked) {
        await happen();
        return ledger.attemptsOf(...asked);
      },
      async children(...asked) {
        await happen();
        return ledger.children(...asked);
      },
      async countStates(query) {
        await happen();
        return ledger.countStates(query);
      },
    },
  };
}
