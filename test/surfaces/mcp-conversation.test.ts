import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as SseV1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { Principal } from "../../src/kernel/principal.ts";
import { anybody, extra, servePack } from "../conformance/pack.ts";
import { readEvents, type EventReader } from "./event-reader.ts";
import type { Sample } from "./mcp-sample.ts";
import { ask, envelope, modernHeaders, sender, type Told } from "./mcp-wire.ts";

/** Two nodes of one server: they share its store and nothing else. */
let one: Sample;
let other: Sample;
before(async () => {
  one = await servePack();
  other = await servePack({ engines: one.engines });
});
after(async () => {
  await other.close();
  await one.close();
});

const name = { name: "test", version: "1.0.0" };
const options = { capabilities: { elicitation: {} } };
const accepted = { action: "accept" as const, content: { response: "green" } };
const question = { name: "test_elicitation", arguments: { message: "Which colour?" } };
const Text = z.object({
  content: z.tuple([z.object({ text: z.string() })]),
  isError: z.literal(true).optional(),
});

describe("an unmodified client answers what a tool asks", () => {
  const v1 = {
    "in a session": () => new HttpV1(one.at("/mcp")),
    "by the transport of 2024-11-05": () => new SseV1(one.at("/mcp/sse")),
  };
  for (const [way, transport] of Object.entries(v1))
    test(`1.x, ${way}`, async (t) => {
      const client = new ClientV1(name, options);
      t.after(() => client.close());
      const heard: unknown[] = [];
      client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
        heard.push(params.message);
        return accepted;
      });
      await client.connect(transport());
      const told = Text.parse(await client.callTool(question));
      assert.match(told.content[0].text, /^User response: .*green/);
      assert.deepEqual(heard, ["Which colour?"]);
    });

  for (const mode of ["legacy", { pin: "2026-07-28" }] as const)
    test(`2.x, ${JSON.stringify(mode)}`, async (t) => {
      const client = new ClientV2(name, { ...options, versionNegotiation: { mode } });
      t.after(() => client.close());
      client.setRequestHandler("elicitation/create", async () => accepted);
      await client.connect(new HttpV2(one.at("/mcp")));
      const told = Text.parse(await client.callTool(question));
      assert.match(told.content[0].text, /^User response: .*green/);
    });
});

describe("a question in a session", () => {
  const both = { accept: "application/json, text/event-stream" };

  async function begun(capabilities: object): Promise<Record<string, string>> {
    const hello = { protocolVersion: "2025-11-25", capabilities, clientInfo: name };
    const told = await sender(() => one.at("/mcp"))(ask("initialize", hello));
    return { "mcp-session-id": told.headers.get("mcp-session-id") ?? "" };
  }

  function called(session: Record<string, string>): Promise<EventReader> {
    const body = JSON.stringify(ask("tools/call", question, 7));
    return readEvents(one.at("/mcp"), { method: "POST", headers: { ...both, ...session }, body });
  }

  async function answered(at: Sample, session: Record<string, string>, answer: object): Promise<Told> {
    return sender(() => at.at("/mcp"))({ jsonrpc: "2.0", ...answer }, session);
  }

  async function asked(stream: EventReader): Promise<{ id: unknown }> {
    assert.equal((await stream.next())?.data, "");
    const message = await stream.message();
    assert.equal(message.method, "elicitation/create");
    return { id: message.id };
  }

  test("may be answered by way of another node", async () => {
    const session = await begun({ elicitation: {} });
    const stream = await called(session);
    const { id } = await asked(stream);
    assert.equal((await answered(other, session, { id, result: accepted })).status, 202);
    assert.match(Text.parse((await stream.message()).result).content[0].text, /green/);
  });

  test("that is refused, or answered with something else, fails the call and says so", async () => {
    for (const [answer, said] of [
      [{ error: { code: -1, message: "Not now" } }, /elicitation\/create with .*Not now/],
      [{ result: { roots: [] } }, /is no answer/],
    ] as const) {
      const session = await begun({ elicitation: {} });
      const stream = await called(session);
      await answered(one, session, { ...(await asked(stream)), ...answer });
      const { content, isError } = Text.parse((await stream.message()).result);
      assert.equal(isError, true);
      assert.match(content[0].text, said);
    }
  });

  test("is answered in its own session alone", async () => {
    const session = await begun({ elicitation: {} });
    const stream = await called(session);
    const { id } = await asked(stream);
    const foreign = { action: "accept", content: { response: "red" } };
    const stranger = await begun({ elicitation: {} });
    assert.equal((await answered(one, stranger, { id, result: foreign })).status, 202);
    assert.equal((await answered(one, {}, { id, result: foreign })).status, 400);
    await answered(one, session, { id, result: accepted });
    assert.match(Text.parse((await stream.message()).result).content[0].text, /green/);
  });

  test("is not put to a client that cannot be asked", async () => {
    const silent = await begun({});
    for (const [headers, why] of [
      [{ ...both, ...silent }, /has not declared elicitation/],
      [silent, /takes no event stream/],
      [{}, /has no session/],
    ] as const) {
      const told = await sender(() => one.at("/mcp"))(ask("tools/call", question), headers);
      const { content, isError } = Text.parse(told.json.result);
      assert.equal(isError, true);
      assert.match(content[0].text, why);
    }
  });

  test("ends with the call when that is cancelled", async () => {
    const session = await begun({ elicitation: {} });
    const stream = await called(session);
    await asked(stream);
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
    await sender(() => other.at("/mcp"))(cancel, session);
    assert.match(Text.parse((await stream.message()).result).content[0].text, /was cancelled/);
  });
});

test("a session is told of what happens from the level that it set, at every node", async () => {
  const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: name };
  const begun = await sender(() => one.at("/mcp"))(ask("initialize", hello));
  const session = { "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };
  const level = (it: string): Promise<Told> =>
    sender(() => other.at("/mcp"))(ask("logging/setLevel", { level: it }), session);
  assert.match((await level("loud")).json.error.message, /debug, info/);
  assert.deepEqual((await level("warning")).json.result, {});
  const call = ask("tools/call", { name: "test_tool_with_logging" });
  const told = await sender(() => one.at("/mcp"))(call, {
    ...session,
    accept: "text/event-stream, application/json",
  });
  assert.equal(told.headers.get("content-type"), "application/json");
});

describe("2026-07-28", () => {
  const call = (tool: string, more: object = {}): object =>
    ask("tools/call", { name: tool, arguments: {}, _meta: envelope, ...more });

  test("asks alike when the SDK reads the headers, since they are encoded", async () => {
    const tool = "test_input_required_result_elicitation";
    const encoded = `=?base64?${Buffer.from(tool).toString("base64")}?=`;
    const can = { ...envelope, "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } };
    const send = sender(() => one.at("/mcp"));
    const told = await send(call(tool, { _meta: can }), modernHeaders("tools/call", encoded));
    assert.equal(told.json.result.resultType, "input_required");
    const missing = await send(call(tool), modernHeaders("tools/call", encoded));
    assert.deepEqual([missing.status, missing.json.error.code], [400, -32021]);
  });

  test("tells what happens to who asks for that level", async () => {
    const meta = { ...envelope, "io.modelcontextprotocol/logLevel": "debug" };
    const stream = await readEvents(one.at("/mcp"), {
      method: "POST",
      headers: { accept: "text/event-stream", ...modernHeaders("tools/call", "test_logging_tool") },
      body: JSON.stringify(call("test_logging_tool", { _meta: meta })),
    });
    assert.equal((await stream.message()).method, "notifications/message");
    stream.leave();
  });
});

describe("what is served beside the operations", () => {
  const names = async (at: Sample, query = ""): Promise<readonly string[]> => {
    const told = await sender(() => at.at(`/mcp${query}`))(ask("tools/list"));
    return told.json.result.tools.map((tool) => tool.name);
  };

  test("is shown to nobody without its scope, who may not use it either", async () => {
    const stranger: Principal = { ...anybody, workspaces: new Map([["ws_sample", new Set(["other:read"])]]) };
    const closed = await servePack({ authenticate: async () => stranger });
    assert.deepEqual(await names(closed), []);
    const told = await sender(() => closed.at("/mcp"))(ask("tools/call", { name: "test_image_content" }));
    assert.match(told.json.error.message, /needs the scope conformance:read/);
    await closed.close();
  });

  test("is left to those that only read as far as it only reads", async () => {
    assert.ok((await names(one, "?readonly=true")).includes("test_image_content"));
    const tools = extra.tools.map((tool) => ({ ...tool, reads: tool.name !== "test_image_content" }));
    const writing = await servePack({ extra: { ...extra, tools } });
    assert.ok(!(await names(writing, "?readonly=true")).includes("test_image_content"));
    const told = await sender(() => writing.at("/mcp?readonly=true"))(
      ask("tools/call", { name: "test_image_content" }),
    );
    assert.match(told.json.result.content[0].text, /read-only/);
    await writing.close();
  });
});
