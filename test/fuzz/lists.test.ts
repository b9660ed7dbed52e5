import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { updateWorkspace } from "../../src/planes/account/operations/update-workspace.ts";
import { planes } from "../../src/planes/planes.ts";
import { createEvent } from "../../src/planes/traffic/operations/create-event.ts";
import { getErrors } from "../../src/planes/traffic/operations/get-errors.ts";
import { listDrift } from "../../src/planes/traffic/operations/list-drift.ts";
import { listEvents } from "../../src/planes/traffic/operations/list-events.ts";
import { listRoutes } from "../../src/planes/traffic/operations/list-routes.ts";
import { searchRequests } from "../../src/planes/traffic/operations/search-requests.ts";
import { listEndpoints } from "../../src/planes/webhooks/operations/list-endpoints.ts";
import { listLogs } from "../../src/planes/webhooks/operations/list-logs.ts";
import { listChanges } from "../../src/planes/account/operations/list-changes.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { bringIn } from "../captured.ts";
import { openRunningWorld, type MadeEndpoint, type RunningWorld } from "../running-world.ts";
import { seenApi } from "../seen-api.ts";
import { fuzz } from "./fuzzing.ts";

const walksEach = 15;
const pagesMax = 100;
const rowsMax = 12;

/** How one more row comes about in a list, and what tells its rows apart. */
type List = {
  readonly rows: string;
  readonly id: string;
  readonly input: object;
  add(world: RunningWorld, workspace: string, within: MadeEndpoint): Promise<unknown>;
};

let routes = 0;

/** Long ago, so that it is new to a bucket that is known. */
async function addRoute({ engines }: RunningWorld, workspace: string): Promise<void> {
  const name = String(routes++).replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "");
  await seenApi({ engines, workspace }, [{ target: `/made-${name}`, agoMs: 2 * 3_600_000 }]);
}

async function addRequest({ engines }: RunningWorld, workspace: string): Promise<void> {
  await bringIn({ engines, workspace }, [{ status: 500 }]);
}

const lists: ReadonlyMap<Operation, List> = new Map<Operation, List>([
  [
    listEndpoints,
    {
      rows: "endpoints",
      id: "id",
      input: {},
      add: (world, workspace) => world.endpointIn(workspace, { name: "one more" }),
    },
  ],
  [
    listLogs,
    {
      rows: "logs",
      id: "id",
      input: { endpointId: "orders" },
      add: (world, _workspace, within) => world.arrive(within),
    },
  ],
  [
    listChanges,
    {
      rows: "changes",
      id: "changeId",
      input: {},
      add: (world, workspace) => world.call(workspace, updateWorkspace, { name: "Another" }),
    },
  ],
  [searchRequests, { rows: "requests", id: "id", input: {}, add: addRequest }],
  [getErrors, { rows: "errors", id: "id", input: {}, add: addRequest }],
  [
    listEvents,
    {
      rows: "events",
      id: "id",
      input: {},
      add: (world, workspace) => world.call(workspace, createEvent, { type: "custom", name: "one more" }),
    },
  ],
  [listRoutes, { rows: "routes", id: "id", input: {}, add: addRoute }],
  [listDrift, { rows: "changes", id: "id", input: {}, add: addRoute }],
]);

/** Before each page, in turn: how long it is, how many rows come before it is asked for, and by how much time goes on. */
const steps = fc.array(
  fc.record({
    limit: fc.integer({ min: 1, max: 7 }),
    come: fc.nat(2),
    passMs: fc.constantFrom(0, 0, 1, 1_000),
  }),
  { minLength: 1, maxLength: 8 },
);

function walked(it: Operation, { rows, id, input, add }: List, t: TestContext): Promise<void> {
  return fuzz(t, async (seed) => {
    const world = await openRunningWorld();
    try {
      const property = fc.asyncProperty(fc.nat(rowsMax), steps, async (count, pages) => {
        const workspace = await world.newWorkspace();
        const orders = await world.endpointIn(workspace);
        for (let n = 0; n < count; n++) await add(world, workspace, orders);
        const page = async (of: object) => {
          const answer = await world.call(workspace, it, { ...input, ...of });
          const shown = z.array(z.looseObject({ [id]: z.string() })).parse(answer[rows]);
          return { ids: shown.map((row) => String(row[id])), next: answer["nextCursor"] };
        };
        const { ids: before, next: more } = await page({ limit: 50 });
        assert.equal(more, null, "the list fits into one page");
        const seen: string[] = [];
        let cursor: unknown = null;
        for (let n = 0; n < pagesMax; n++) {
          const { limit, come, passMs } = pages[n % pages.length]!;
          world.clock.advance(passMs);
          if (cursor !== null) for (let i = 0; i < come; i++) await add(world, workspace, orders);
          const { ids, next } = await page({ limit, ...(cursor !== null && { cursor }) });
          assert.ok(ids.length === limit || next === null, "only the last page is short");
          seen.push(...ids);
          cursor = next;
          if (next === null) break;
        }
        assert.equal(cursor, null, "the walk comes to an end");
        assert.deepEqual(
          seen.filter((row) => before.includes(row)),
          before,
          "every row that was there, once and in order",
        );
        assert.equal(new Set(seen).size, seen.length, "no row twice, whenever it came");
      });
      await fc.assert(property, { seed, numRuns: walksEach });
      return walksEach;
    } finally {
      await world.close();
    }
  });
}

describe("a cursor walks every row exactly once, whatever the pages, also while rows come", () => {
  const paged = planes
    .flatMap(({ operations }): readonly Operation[] => operations)
    .filter(({ input }) => "cursor" in input.shape);

  test("every list with a cursor is walked here", () => {
    assert.deepEqual(
      [...lists.keys()].map(({ name }) => name).toSorted(),
      paged.map(({ name }) => name).toSorted(),
    );
  });

  for (const [it, list] of lists) test(it.name, (t) => walked(it, list, t));
});
