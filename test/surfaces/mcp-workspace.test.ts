import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readEvents } from "./event-reader.ts";
import { keyOfSeveral, otherWorkspaceId, serveSample, workspaceId, type Sample } from "./mcp-sample.ts";
import { ask, bearer, envelope, failureOf, modernHeaders, sender, type Told } from "./mcp-wire.ts";

let sample: Sample;
before(async () => {
  sample = await serveSample();
});
after(() => sample.close());

const several = { authorization: `Bearer ${keyOfSeveral}` };

type Headers = Record<string, string>;

/** Somebody with two workspaces, at an address. */
function at(path: string, given: Headers = {}) {
  const send = sender(() => sample.at(path));
  return (body: object, headers: Headers = {}): Promise<Told> =>
    send(body, { ...several, ...given, ...headers });
}

type Era = readonly [
  name: string,
  asked: (method: string, params: object, name?: string) => readonly [object, Headers],
];

const eras: readonly Era[] = [
  ["before 2026-07-28", (method, params) => [ask(method, params), {}]],
  [
    "2026-07-28",
    (method, params, name) => [ask(method, { ...params, _meta: envelope }), modernHeaders(method, name)],
  ],
];

const list = "sluice://notes/list";
const noteOf = {
  ref: { type: "ref/resource", uri: "sluice://notes/{id}" },
  argument: { name: "id", value: "" },
};

async function createNote(path: string, text: string): Promise<string> {
  const told = await at(path)(ask("tools/call", { name: "create_note", arguments: { text } }));
  return (told.json.result.structuredContent as unknown as { note: { id: string } }).note.id;
}

const initialize = ask("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
});

describe("a connection of several workspaces", () => {
  for (const [era, asked] of eras)
    test(`is taught how to choose one where there is no workspaceId, ${era}`, async () => {
      for (const path of ["/api/mcp", "/mcp", "/mcp/sse"]) {
        const send = at(path);
        const prompt = { name: "review_notes", arguments: { topic: "all" } };
        for (const told of [
          await send(...asked("resources/read", { uri: list }, list)),
          await send(...asked("completion/complete", noteOf)),
          await send(...asked("prompts/get", prompt, "review_notes")),
        ]) {
          const { code, message, data } = told.json.error;
          assert.equal(code, -32602);
          assert.match(message, /several workspaces/);
          assert.match(data.hint, /\?workspace=<id> or X-MCP-Workspace/);
          assert.deepEqual(data.allowed, [otherWorkspaceId, workspaceId]);
        }
      }
    });

  test("still says with each call of a tool which one is meant", async () => {
    const call = (input: object): Promise<Told> =>
      at("/api/mcp")(ask("tools/call", { name: "list_notes", arguments: input }));
    assert.equal(failureOf(await call({}))["field"], "/workspaceId");
    assert.ok((await call({ workspaceId: otherWorkspaceId })).json.result.structuredContent.notes);
  });
});

describe("a connection that is narrowed to a workspace", () => {
  for (const [era, asked] of eras)
    for (const path of ["/api/mcp", "/mcp", "/mcp/sse"])
      test(`reads, completes and calls without a workspaceId at ${path}, ${era}`, async () => {
        const mine = `${path}?workspace=${otherWorkspaceId}`;
        const id = await createNote(mine, `of ${path} ${era}`);
        const uri = `sluice://notes/${id}`;
        for (const send of [at(mine), at(path, { "x-mcp-workspace": otherWorkspaceId })]) {
          for (const it of [list, uri]) {
            const { text } = await send(...asked("resources/read", { uri: it }, it));
            assert.ok(text.includes(id), text);
          }
          const { completion } = (await send(...asked("completion/complete", noteOf))).json.result;
          assert.ok(completion.values.includes(id));
          const called = await send(
            ...asked("tools/call", { name: "get_note", arguments: { noteId: id } }, "get_note"),
          );
          assert.ok(called.text.includes(id));
          const templates = await send(...asked("resources/templates/list", {}));
          assert.equal(templates.json.result.resourceTemplates.length, 1);
        }
        const beside = await at(`${path}?workspace=${workspaceId}`)(...asked("resources/read", { uri }, uri));
        assert.match(beside.json.error.message, /No such note/);
      });

  test("is listed what the scopes held there allow", async () => {
    const names = async (path: string): Promise<string[]> =>
      (await at(path)(ask("tools/list"))).json.result.tools.map(({ name }) => name);
    assert.deepEqual(await names(`/api/mcp?workspace=${workspaceId}`), ["list_notes", "get_note"]);
    assert.ok((await names(`/api/mcp?workspace=${otherWorkspaceId}`)).includes("create_note"));
    assert.ok((await names("/api/mcp")).includes("create_note"));
  });

  test("reaches no other workspace, though a call names it", async () => {
    const call = { name: "list_notes", arguments: { workspaceId: otherWorkspaceId } };
    const told = await at(`/api/mcp?workspace=${workspaceId}`)(ask("tools/call", call));
    assert.equal(failureOf(told)["message"], "No such workspace.");
  });

  test("is refused alike when the workspace is somebody else's and when it never was", async () => {
    for (const path of ["/api/mcp", "/mcp", "/mcp/sse"])
      for (const [key, other] of [
        [bearer, otherWorkspaceId],
        [bearer, "ws_never"],
        [several, ""],
      ] as const)
        for (const [query, headers] of [
          [`?workspace=${other}`, {}],
          ["", { "x-mcp-workspace": other }],
        ] as const) {
          const told = await at(path + query, headers)(ask("tools/list"), key);
          assert.equal(told.status, 400);
          assert.equal(told.json.error.message, `You have no workspace ${JSON.stringify(other)}.`);
          assert.deepEqual(
            told.json.error.data.allowed,
            key === bearer ? [workspaceId] : [otherWorkspaceId, workspaceId],
          );
        }
  });

  test("is narrowed to one: two ways of asking for two are refused", async () => {
    const told = await at(`/mcp?workspace=${workspaceId}`, { "x-mcp-workspace": otherWorkspaceId })(
      ask("tools/list"),
    );
    assert.equal(told.status, 400);
    assert.match(told.json.error.message, /asks for two/);
  });
});

describe("a session that is narrowed to a workspace", () => {
  const mine = `/mcp?workspace=${otherWorkspaceId}`;

  async function begun(path: string): Promise<Headers> {
    const told = await at(path)(initialize);
    return { "mcp-session-id": told.headers.get("mcp-session-id") ?? "" };
  }

  test("stays so for requests that do not repeat it, and is not found by those for another", async () => {
    const session = await begun(mine);
    const id = await createNote(mine, "of the session");
    const read = ask("resources/read", { uri: list });
    assert.ok((await at("/mcp")(read, session)).text.includes(id));
    assert.ok((await at(mine)(read, session)).text.includes(id));
    const lost = await at(`/mcp?workspace=${workspaceId}`)(read, session);
    assert.deepEqual([lost.status, lost.json.error.code], [404, -32001]);
    assert.equal((await at(mine)(read, await begun("/mcp"))).status, 404);
  });

  test("is told what changes there", async () => {
    const session = await begun(mine);
    const subscribed = await at("/mcp")(ask("resources/subscribe", { uri: list }), session);
    assert.deepEqual(subscribed.json.result, {});
    const stream = await readEvents(sample.at("/mcp"), {
      headers: { ...several, accept: "text/event-stream", ...session },
    });
    await createNote(mine, "news");
    const news = await stream.message();
    assert.deepEqual([news.method, news.params.uri], ["notifications/resources/updated", list]);
    stream.leave();
  });

  test("subscribes to nothing without: the error teaches how", async () => {
    const told = await at("/mcp")(ask("resources/subscribe", { uri: list }), await begun("/mcp"));
    assert.match(told.json.error.data.hint, /\?workspace=/);
  });

  test("may be one of 2024-11-05, whose messages go to an address without the workspace", async () => {
    const stream = await readEvents(sample.at(`/mcp/sse?workspace=${otherWorkspaceId}`), {
      headers: several,
    });
    const first = await stream.next();
    const post = at(first?.data ?? "");
    await post(initialize);
    assert.equal((await stream.message()).result["protocolVersion"], "2025-11-25");
    await post(ask("resources/subscribe", { uri: list }, 2));
    assert.deepEqual((await stream.message()).result, {});
    await createNote(mine, "heard by an old client");
    assert.equal((await stream.message()).params.uri, list);
    stream.leave();
  });

  test("has its like in 2026-07-28, which listens without a session", async () => {
    const listen = { notifications: { resourceSubscriptions: [list] }, _meta: envelope };
    const heard = (path: string): ReturnType<typeof readEvents> =>
      readEvents(sample.at(path), {
        method: "POST",
        headers: { ...several, ...modernHeaders("subscriptions/listen") },
        body: JSON.stringify(ask("subscriptions/listen", listen)),
      });
    const stream = await heard(mine);
    assert.deepEqual((await stream.message()).params.notifications, { resourceSubscriptions: [list] });
    await createNote(mine, "heard");
    assert.equal((await stream.message()).params.uri, list);
    stream.leave();
    const refused = await at("/mcp")(
      ask("subscriptions/listen", listen),
      modernHeaders("subscriptions/listen"),
    );
    assert.equal(refused.status, 400);
    assert.match(refused.json.error.data.hint, /\?workspace=/);
  });
});
