import assert from "node:assert/strict";
import { test } from "node:test";
import { openRunningWorld } from "../../../test/running-world.ts";
import { cancelMessage } from "./endpoint.ts";
import { laneMessages } from "./lane-messages.ts";
import { deleteEndpoint } from "./operations/delete-endpoint.ts";
import { getLogDetail } from "./operations/get-log-detail.ts";
import { updateEndpoint } from "./operations/update-endpoint.ts";

test("a deletion that is undone before the queue hears of it cancels nothing, nor lets go what is held", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    const messages = laneMessages(world.engines);
    const cancel = messages.find(({ name }) => name === cancelMessage);
    const message = { workspace, payload: JSON.stringify({ lane: orders.id }) };
    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: false });
    // The lane is held before anything arrives, however slow the courier is.
    await cancel?.handle(message);
    const { id: event } = await world.arrive(orders);
    const state = async () => (await world.call(workspace, getLogDetail, { logId: event }))["state"];

    await cancel?.handle(message);
    assert.equal(await state(), "pending");
    assert.equal(world.target.reached.length, 0);
    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: true });
    await world.target.came(1);
    assert.equal((await world.endingOf(workspace, event)).ending, "delivered");

    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: false });
    const { id: last } = await world.arrive(orders);
    await world.call(workspace, deleteEndpoint, { endpointId: orders.id });
    await cancel?.handle(message);
    assert.equal((await world.endingOf(workspace, last)).error, "endpoint_deleted");
  } finally {
    await world.close();
  }
});
