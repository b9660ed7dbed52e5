import assert from "node:assert/strict";
import { test } from "node:test";
import { bringIn, recordIdAt } from "../../../../test/captured.ts";
import { scenarios, type Place, type Prepare } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { createEvent } from "./create-event.ts";
import { getRequestDetail } from "./get-request-detail.ts";

async function given(call: Prepare, place: Place): Promise<Output> {
  const id = recordIdAt(place.engines.clock.now() - 60_000);
  const { ids } = await bringIn(place, [
    {
      id,
      agoMs: 60_000,
      method: "POST",
      status: 503,
      error: { type: "Timeout", message: "the stock is locked" },
      request: {
        headers: [
          ["Content-Type", "application/json"],
          ["Authorization", "Bearer example-example-example"],
        ],
        text: '{"coupon":"SUMMER","password":"example-password"}',
      },
      response: { headers: [["Retry-After", "5"]], text: "locked" },
    },
    {
      kind: "outbound",
      parent: id,
      agoMs: 59_990,
      host: "stock.example.com",
      target: "/items/1",
      route: null,
      status: 504,
    },
  ]);
  await call(createEvent, { type: "deployment", name: "1.1", startedAt: "2026-11-20T11:30:00Z" });
  await call(createEvent, { type: "deployment", name: "later", startedAt: "2026-11-20T12:30:00Z" });
  return { requestId: ids[0] };
}

scenarios(getRequestDetail, [
  {
    name: "shows headers, bodies, the calls it caused and what happened near it",
    scopes: ["traffic:read"],
    given,
    input: ({ requestId }) => ({ requestId }),
    gives: {
      status: 503,
      markers: [{ untrusted: { name: "1.1" } }],
      facts: { requestBytes: 49, responseBytes: 6 },
      untrusted: {
        error: "Timeout",
        message: "the stock is locked",
        request: { body: { encoding: "utf8", size: 49, truncated: false } },
        response: { headers: [{ name: "Retry-After", value: "5" }], body: { text: "locked" } },
        outbound: [{ status: 504, untrusted: { host: "stock.example.com" } }],
        exported: null,
      },
    },
    leaves: {},
  },
  {
    name: "is found by its number",
    scopes: ["traffic:read"],
    given,
    input: { requestId: "#2" },
    gives: { number: "#2", status: 503 },
    leaves: {},
  },
  {
    name: "what is not there",
    scopes: "all",
    input: { requestId: "ex_019bd1f2c4007000800000000000abcd" },
    fails: { kind: "not_found", pointer: "/requestId" },
    leaves: {},
  },
  {
    name: "the receipt of a batch is no request",
    scopes: "all",
    given,
    input: { requestId: "#1" },
    fails: { kind: "not_found", pointer: "/requestId" },
    leaves: {},
  },
  {
    name: "a form that it is not written in",
    scopes: "all",
    given,
    input: ({ requestId }) => ({ requestId, as: "xml" }),
    fails: { kind: "invalid", pointer: "/as" },
    leaves: {},
  },
]);

test("as a command, an archive and a test it can be used, with variables for what was redacted", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const prepare: Prepare = (it, input) => invoke(it, input, caller, world.engines);
    const { requestId } = await given(prepare, { engines: world.engines, workspace });
    const as = async (form: string) => {
      const answer = await invoke(getRequestDetail, { requestId, as: form }, caller, world.engines);
      return getRequestDetail.output.parse(answer).untrusted.exported ?? "";
    };
    const curl = await as("curl");
    assert.match(curl, /^# Set REDACTED_\w+/);
    assert.match(curl, /curl -X POST 'https:\/\/api\.example\.com\/orders\/7'/);
    assert.match(curl, /"SUMMER"/);
    const har: unknown = JSON.parse(await as("har"));
    assert.partialDeepStrictEqual(har, {
      log: { version: "1.2", entries: [{ request: { method: "POST" }, response: { status: 503 } }] },
    });
    const code = await as("test");
    assert.match(code, /process\.env\.REDACTED_/);
    assert.match(code, /assert\.ok\(response\.status < 500/);
    for (const text of [curl, code]) assert.doesNotMatch(text, /example-password|example-example/);
  } finally {
    await world.close();
  }
});

test("whoever may not see the place is told what he would be told if nothing were there", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const { ids } = await bringIn({ engines: world.engines, workspace }, [{}], {
      environment: "staging",
      bucket: "shop",
    });
    const confined = { ...principalOf(workspace, ["traffic:read"]), confines: { environment: "production" } };
    const stranger = principalOf(await world.newWorkspace(), "all");
    for (const principal of [confined, stranger])
      for (const requestId of [ids[0], "#2", "2"])
        await assert.rejects(invoke(getRequestDetail, { requestId }, callerOf(principal), world.engines), {
          kind: "not_found",
          message: `No request ${JSON.stringify(requestId)}.`,
        });
  } finally {
    await world.close();
  }
});
