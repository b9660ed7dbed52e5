import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { documents, keys, operations, prompts, serveSample, type Sample } from "./mcp-sample.ts";
import { ask, bearer, envelope, failureOf, modernHeaders, sender, type Told } from "./mcp-wire.ts";

let sample: Sample;
before(async () => {
  sample = await serveSample();
});
after(() => sample.close());

const send = sender(() => sample.url);

const as = (key: keyof typeof keys): Record<string, string> => ({ authorization: `Bearer ${keys[key]}` });

function names({ json }: Told, list: "tools" | "resources" | "resourceTemplates" | "prompts"): string[] {
  return json.result[list].map((it) => it.name);
}

const reads = ["list_notes", "get_note", "break_down"];

describe("what is listed", () => {
  test("is what the scopes of the key allow, in both eras, whoever listed before", async () => {
    for (const round of [1, 2])
      for (const [key, expected] of [
        ["all", operations.length - 1],
        ["reader", 2],
        ["stranger", 0],
      ] as const) {
        const legacy = await send(ask("tools/list", {}, round), as(key));
        assert.equal(names(legacy, "tools").length, expected, key);
        const headers = { ...as(key), ...modernHeaders("tools/list") };
        const modern = await send(ask("tools/list", { _meta: envelope }, round), headers);
        assert.deepEqual(names(modern, "tools"), names(legacy, "tools"));
        assert.equal(modern.json.result.cacheScope, "private");
      }
  });

  test("holds for resources, templates and prompts too", async () => {
    const listed = async (key: keyof typeof keys): Promise<string[]> => [
      ...names(await send(ask("resources/list"), as(key)), "resources"),
      ...names(await send(ask("resources/templates/list"), as(key)), "resourceTemplates"),
      ...names(await send(ask("prompts/list"), as(key)), "prompts"),
    ];
    assert.deepEqual(await listed("all"), ["notes-list", "bug", "note-detail", "review_notes"]);
    assert.deepEqual(await listed("reader"), ["notes-list", "note-detail", "review_notes"]);
    assert.deepEqual(await listed("stranger"), []);
  });

  test("is one page: a cursor that nobody issued is refused", async () => {
    const headers = modernHeaders("tools/list");
    for (const told of [
      await send(ask("tools/list", { cursor: "abc" })),
      await send(ask("tools/list", { cursor: "abc", _meta: envelope }), headers),
    ]) {
      assert.equal(told.json.error.code, -32602);
      assert.equal(told.json.error.data.field, "/params/cursor");
    }
  });

  test("describes each tool without what costs tokens and says nothing", async () => {
    const { tools } = (await send(ask("tools/list"))).json.result;
    const text = JSON.stringify(tools);
    for (const noise of [
      "$schema",
      "$defs",
      "$ref",
      "9007199254740991",
      '"format":"uri"',
      '"pattern"',
      '"maximum"',
    ])
      assert.ok(!text.includes(noise), noise);
    const create = tools.find(({ name }) => name === "create_note")!;
    assert.equal(create.inputSchema.additionalProperties, false);
    assert.deepEqual(create.inputSchema.required, ["text"]);
    assert.deepEqual(create.inputSchema.properties.size, { type: "integer" });
    assert.ok(!JSON.stringify(create.outputSchema).includes("additionalProperties"));
  });

  test("tells by its annotations what a tool does", async () => {
    const { tools } = (await send(ask("tools/list"))).json.result;
    const hints = Object.fromEntries(
      tools.map(({ name, annotations: it }) => [
        name,
        [it["readOnlyHint"], it["destructiveHint"], it["openWorldHint"]],
      ]),
    );
    assert.deepEqual(hints["list_notes"], [true, false, false]);
    assert.deepEqual(hints["create_note"], [false, false, false]);
    assert.deepEqual(hints["delete_note"], [false, true, false]);
    assert.deepEqual(hints["send_note"], [false, false, true]);
  });
});

describe("a key without the scope", () => {
  test("is refused a call by a result that names the scope", async () => {
    const told = await send(
      ask("tools/call", { name: "create_note", arguments: { text: "a" } }),
      as("reader"),
    );
    const { code, message } = failureOf(told);
    assert.equal(code, "forbidden");
    assert.match(String(message), /notes:write/);
  });

  test("is refused a resource and a prompt by 403 as the error's code", async () => {
    for (const request of [
      ask("resources/read", { uri: "sluice://notes/list" }),
      ask("prompts/get", { name: "review_notes", arguments: { topic: "all" } }),
    ]) {
      const { error } = (await send(request, as("stranger"))).json;
      assert.equal(error.code, 403);
      assert.equal(error.data.code, "forbidden");
      assert.match(error.message, /notes:read/);
    }
  });
});

describe("read-only", () => {
  const create = ask("tools/call", { name: "create_note", arguments: { text: "must not be" } });

  test("lists reads alone and refuses the rest, by query or header", async () => {
    const byQuery = sender(() => new URL(`${sample.url.href}?readonly=true`));
    const byHeader = (body: object): Promise<Told> => send(body, { "x-mcp-readonly": "true" });
    for (const request of [byQuery, byHeader]) {
      assert.deepEqual(names(await request(ask("tools/list")), "tools"), reads);
      const { code, message } = failureOf(await request(create));
      assert.equal(code, "forbidden");
      assert.match(String(message), /read-only/);
    }
    assert.equal(names(await send(ask("tools/list")), "tools").length, operations.length - 1);
  });

  test("cannot be widened again by the other way of asking", async () => {
    const query = sender(() => new URL(`${sample.url.href}?readonly=true`));
    assert.deepEqual(names(await query(ask("tools/list"), { "x-mcp-readonly": "false" }), "tools"), reads);
  });

  test("a value or selector that is not known is refused and not ignored", async () => {
    for (const query of [
      "?readonly=yes",
      "?readonly",
      "?readonly-true",
      "?tools=list_notes",
      "?READONLY=true",
    ]) {
      const told = await sender(() => new URL(sample.url.href + query))(create);
      assert.equal(told.status, 400, query);
      assert.match(JSON.stringify(told.json.error.data.allowed), /true/);
    }
    for (const headers of [{ "x-mcp-readonly": "1" }, { "x-mcp-tools": "list_notes" }] as Record<
      string,
      string
    >[])
      assert.equal((await send(create, headers)).status, 400);
    const { notes } = (await send(ask("tools/call", { name: "list_notes" }))).json.result.structuredContent;
    assert.deepEqual(notes, []);
  });
});

describe("toolsets", () => {
  const own = ["list_notes", "get_note", "create_note", "delete_note", "send_note"];
  const listed = async (query: string, headers: Record<string, string> = {}): Promise<string[]> =>
    names(await sender(() => new URL(sample.url.href + query))(ask("tools/list"), headers), "tools");

  test("narrow what is listed, by query or header, and the narrower of both holds", async () => {
    assert.deepEqual(await listed("?toolsets=notes"), own);
    assert.deepEqual(await listed("", { "x-mcp-toolsets": "notes" }), own);
    assert.deepEqual(await listed("?toolsets=bugs"), ["break_down"]);
    assert.deepEqual(await listed("?toolsets=bugs,notes", { "x-mcp-toolsets": "notes" }), own);
    assert.deepEqual(await listed("?toolsets=bugs", { "x-mcp-toolsets": "all" }), ["break_down"]);
    assert.deepEqual(await listed("?toolsets=bugs", { "x-mcp-toolsets": "notes" }), []);
    assert.deepEqual(await listed("?toolsets=all"), [...own, "break_down"]);
    assert.deepEqual(await listed("?toolsets=notes&readonly=true"), ["list_notes", "get_note"]);
  });

  test("that a connection asked for are a limit: what is in none of them is refused", async () => {
    const narrow = sender(() => new URL(`${sample.url.href}?toolsets=bugs`));
    const { code, message } = failureOf(await narrow(ask("tools/call", { name: "list_notes" })));
    assert.equal(code, "forbidden");
    assert.match(String(message), /toolsets/);
  });

  test("that are not known are refused with those that are", async () => {
    for (const query of ["?toolsets=note", "?toolsets=", "?toolsets=notes,webhooks"]) {
      const told = await sender(() => new URL(sample.url.href + query))(ask("tools/list"));
      assert.equal(told.status, 400, query);
      assert.deepEqual(told.json.error.data.allowed, ["notes", "bugs", "self", "all"]);
    }
  });

  test("of the credential are a view and no limit; those that belong to every view come after it", async () => {
    const viewed = await serveSample({
      toolsets: {
        names: ["notes"],
        of: ({ name }) => (name === "break_down" ? "others" : "notes"),
        everyView: new Set(["get_note"]),
      },
    });
    const request = sender(() => viewed.url);
    const { json } = await request(ask("tools/list"));
    assert.deepEqual(
      json.result.tools.map(({ name }) => name),
      ["list_notes", "create_note", "delete_note", "send_note", "get_note"],
    );
    assert.equal(failureOf(await request(ask("tools/call", { name: "break_down" })))["code"], "internal");
    await viewed.close();
  });

  test("list at most 40 tools unless they are asked for by name", async () => {
    const many = await serveSample({
      operations: Array.from({ length: 60 }, (_, n) => ({ ...operations[0]!, name: `list_notes_${n}` })),
      documents: [],
      prompts: [],
    });
    const count = async (query: string): Promise<number> =>
      (await sender(() => new URL(many.url.href + query))(ask("tools/list"))).json.result.tools.length;
    assert.equal(await count(""), 40);
    assert.equal(await count("?toolsets=notes"), 60);
    assert.equal(await count("?toolsets=all"), 60);
    await many.close();
  });
});

describe("what is suggested while somebody types", () => {
  const suggest = (ref: object, key: keyof typeof keys): Promise<Told> =>
    send(ask("completion/complete", { ref, argument: { name: "id", value: "" } }), as(key));

  test("is what the caller may see", async () => {
    await send(ask("tools/call", { name: "create_note", arguments: { text: "suggested" } }));
    const ref = { type: "ref/resource", uri: "sluice://notes/{id}" };
    const values = async (key: keyof typeof keys): Promise<number> =>
      (await suggest(ref, key)).json.result.completion.values.length;
    assert.ok((await values("reader")) > 0);
    assert.equal(await values("stranger"), 0);
  });

  test("for a prompt or a template that is not there is refused", async () => {
    for (const ref of [
      { type: "ref/resource", uri: "sluice://notes/{slug}" },
      { type: "ref/prompt", name: "review" },
    ])
      assert.equal((await suggest(ref, "all")).json.error.code, -32602);
    const hidden = await suggest({ type: "ref/prompt", name: "review_notes" }, "stranger");
    assert.equal(hidden.json.error.code, -32602);
  });
});

describe("a prompt", () => {
  test("points at the argument that is wrong, missing or unknown", async () => {
    const wrong: [object, string][] = [
      [{}, "/topic"],
      [{ topic: "x" }, "/topic"],
      [{ topic: "all", style: "loud" }, "/style"],
      [{ topic: "all", tone: "kind" }, "/tone"],
    ];
    for (const [given, field] of wrong) {
      const { error } = (await send(ask("prompts/get", { name: "review_notes", arguments: given }))).json;
      assert.equal(error.code, -32602);
      assert.equal(error.data.field, field);
    }
  });

  test("that is not there is refused with the near names", async () => {
    const { error } = (await send(ask("prompts/get", { name: "review_note" }))).json;
    assert.equal(error.code, -32602);
    assert.deepEqual(error.data.near, ["review_notes"]);
  });
});

describe("what is declared wrongly", () => {
  test("a document that names no read operation keeps the server from starting", async () => {
    for (const operation of ["create_note", "nothing"]) {
      const wrong = documents.map((it) => ({ ...it, operation }));
      await assert.rejects(
        serveSample({ documents: wrong, prompts }),
        /names (create_note|nothing), which is no read/,
      );
    }
  });
});

test("a resource's variable may be percent-encoded, and one that cannot be decoded is not found", async () => {
  const told = await send(ask("resources/read", { uri: "sluice://notes/a%2Fb" }), bearer);
  assert.equal(told.json.error.data.message, "No such note.");
  const broken = await send(ask("resources/read", { uri: "sluice://notes/%ff" }));
  assert.match(broken.json.error.message, /There is no resource/);
});
