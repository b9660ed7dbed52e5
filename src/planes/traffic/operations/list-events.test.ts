import assert from "node:assert/strict";
import { test } from "node:test";
import { bringIn } from "../../../../test/captured.ts";
import { scenarios, type Prepare } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import type { Principal } from "../../../kernel/principal.ts";
import { createBucket } from "../../account/operations/create-bucket.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { compareWindows } from "./compare-windows.ts";
import { createEvent } from "./create-event.ts";
import { getRequestDetail } from "./get-request-detail.ts";
import { listEvents } from "./list-events.ts";

async function given(call: Prepare): Promise<Output> {
  const at = (hour: string) => `2026-11-20T${hour}:00:00Z`;
  await call(createEvent, { type: "deployment", name: "1.0", startedAt: at("08") });
  await call(createEvent, { type: "incident", name: "down", startedAt: at("07"), endedAt: at("10") });
  await call(createEvent, { type: "deployment", name: "1.1", startedAt: at("11"), environment: "staging" });
  return {};
}

scenarios(listEvents, [
  {
    name: "lists all of them",
    scopes: ["traffic:read"],
    given,
    input: {},
    gives: { nextCursor: null },
    leaves: {},
  },
  {
    name: "by type",
    scopes: ["traffic:read"],
    given,
    input: { type: "incident" },
    gives: { events: [{ type: "incident", untrusted: { name: "down" } }] },
    leaves: {},
  },
  {
    name: "what was under way in a window",
    scopes: ["traffic:read"],
    given,
    input: { since: "2026-11-20T09:00:00Z", until: "2026-11-20T09:30:00Z" },
    gives: { events: [{ untrusted: { name: "down" } }] },
    leaves: {},
  },
  {
    name: "those of an environment, and of all environments",
    scopes: ["traffic:read"],
    given,
    input: { environment: "staging", type: "deployment" },
    leaves: {},
  },
]);

test("a confined credential is told of no bucket that it does not see, nor of what happened in those alone", async () => {
  const { engines, newWorkspace, close } = await openWorld();
  try {
    const workspace = await newWorkspace();
    const anyone = principalOf(workspace, "all");
    const call = (by: Principal, it: Operation, input: object): Promise<Output> =>
      invoke(it, input, callerOf(by), engines);
    await call(anyone, createBucket, { environment: "production", name: "hidden" });
    const { ids } = await bringIn({ engines, workspace }, [{}], { environment: "staging", bucket: "shop" });
    const mark = (name: string, place: object) =>
      call(anyone, createEvent, { type: "scale", name, ...place });
    await mark("of both", { buckets: ["shop", "hidden"] });
    const away = await mark("of another", { buckets: ["hidden"] });
    await mark("of all", {});
    for (const confines of [
      { environment: "staging" },
      { environment: "staging", buckets: ["shop"] },
      { buckets: ["shop"] },
    ]) {
      const confined = { ...anyone, confines };
      const { events } = await call(confined, listEvents, {});
      assert.match(JSON.stringify(events), /"shop"/);
      assert.match(JSON.stringify(events), /of all/);
      assert.doesNotMatch(JSON.stringify(events), /hidden|of another/);
      const detail = await call(confined, getRequestDetail, { requestId: ids[0] });
      assert.doesNotMatch(JSON.stringify(detail), /hidden|of another/);
      await assert.rejects(call(confined, compareWindows, { marker: away["id"] }), { kind: "not_found" });
    }
    const { events } = await call(anyone, listEvents, {});
    assert.match(JSON.stringify(events), /"shop","hidden"/);
  } finally {
    await close();
  }
});
