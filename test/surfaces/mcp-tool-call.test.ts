import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serveSample, type Sample } from "./mcp-sample.ts";
import { ask, envelope, failureOf, modernHeaders, sender } from "./mcp-wire.ts";

let sample: Sample;
before(async () => {
  sample = await serveSample();
});
after(() => sample.close());

const send = sender(() => sample.url);

describe("a tool call", () => {
  test("with invalid arguments says field, what is allowed and a hint, in a result", async () => {
    const told = await send(
      ask("tools/call", { name: "create_note", arguments: { text: "a", tags: ["blue"] } }),
    );
    const { code, field, allowed, hint, requestId } = failureOf(told);
    assert.deepEqual([code, field, allowed], ["invalid", "/tags/0", ["red", "green"]]);
    assert.equal(typeof hint, "string");
    assert.match(String(requestId), /^req_/);
    const { field: unknown } = failureOf(
      await send(ask("tools/call", { name: "create_note", arguments: { text: "a", colour: 1 } })),
    );
    assert.equal(unknown, "/colour");
  });

  test("with arguments that are no object is a failed result, and one without a name an error", async () => {
    assert.equal(
      failureOf(await send(ask("tools/call", { name: "list_notes", arguments: [] })))["code"],
      "invalid",
    );
    const told = await send(ask("tools/call", { arguments: {} }));
    assert.equal(told.json.error.code, -32602);
    assert.equal(told.json.error.data.field, "/params/name");
  });

  test("to a tool that is not there names the near ones, and never one for people", async () => {
    const { error } = (await send(ask("tools/call", { name: "notes_list" }))).json;
    assert.equal(error.code, -32602);
    assert.ok(error.data.near.includes("list_notes"));
    const people = (await send(ask("tools/call", { name: "show_key", arguments: {} }))).json.error;
    assert.equal(people.code, -32602);
    assert.match(people.message, /for people/);
    assert.doesNotMatch(people.message, /secret/, "people decide of much that has none");
  });

  test("that meets a bug answers an id, which is in the log with the reason, and no detail", async () => {
    const told = await send(ask("tools/call", { name: "break_down" }));
    const { code, requestId } = failureOf(told);
    assert.equal(code, "internal");
    assert.doesNotMatch(told.text, /secret reason/);
    assert.ok(
      sample.log.some((line) => line.includes(String(requestId)) && line.includes("the secret reason")),
    );
    const read = await send(ask("resources/read", { uri: "sluice://bug" }));
    assert.equal(read.json.error.code, -32603);
    assert.doesNotMatch(read.text, /secret reason/);
  });

  test("repeated with its idempotency key answers as the first time and does nothing more", async () => {
    const key = { "sluice/idempotencyKey": "key-1" };
    const call = { name: "create_note", arguments: { text: "once" } };
    const params = { ...call, _meta: key };
    const first = await send(ask("tools/call", params));
    const repeated = await send(ask("tools/call", params));
    assert.deepEqual(repeated.json.result.structuredContent, first.json.result.structuredContent);
    const modern = ask("tools/call", { ...call, _meta: { ...key, ...envelope } });
    const later = await send(modern, modernHeaders("tools/call", "create_note"));
    assert.deepEqual(later.json.result.structuredContent, first.json.result.structuredContent);
    const { notes } = (await send(ask("tools/call", { name: "list_notes" }))).json.result.structuredContent;
    assert.equal(notes.filter(({ text }) => text === "once").length, 1);
    const wrong = await send(ask("tools/call", { ...params, _meta: { "sluice/idempotencyKey": 7 } }));
    assert.equal(wrong.json.error.data.field, "/params/_meta/sluice~1idempotencyKey");
  });
});
