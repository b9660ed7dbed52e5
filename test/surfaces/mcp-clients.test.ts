import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { SSEClientTransport as SseV1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { z } from "zod";
import { keys, serveSample, type Sample } from "./mcp-sample.ts";

const name = { name: "test", version: "1.0.0" };

/** What both generations of the client offer alike, each in its own types. */
type AnyClient = {
  listTools(): Promise<{ tools: { name: string; title?: string | undefined }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<object>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: object[] }>;
  listPrompts(): Promise<{ prompts: { name: string; arguments?: object[] | undefined }[] }>;
  getPrompt(params: { name: string; arguments: Record<string, string> }): Promise<{ messages: object[] }>;
  complete(params: CompleteParams): Promise<{ completion: { values: string[] } }>;
  getServerVersion(): { name: string } | undefined;
  getInstructions(): string | undefined;
  close(): Promise<void>;
};

type CompleteParams = {
  ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string };
  argument: { name: string; value: string };
};

type Connected = { readonly client: AnyClient; readonly revision: string | undefined };

async function v2(url: URL, mode: "legacy" | "auto" | { pin: string }): Promise<Connected> {
  const client = new ClientV2(name, { versionNegotiation: { mode } });
  const headers = { authorization: `Bearer ${keys.all}` };
  await client.connect(new HttpV2(url, { requestInit: { headers } }));
  return { client, revision: client.getNegotiatedProtocolVersion() };
}

async function v1(url: URL): Promise<Connected> {
  const client = new ClientV1(name);
  const transport = new HttpV1(url, { requestInit: { headers: { authorization: `Bearer ${keys.all}` } } });
  await client.connect(transport);
  return { client, revision: transport.protocolVersion };
}

async function sse(url: URL): Promise<Connected> {
  const client = new ClientV1(name);
  const headers = { authorization: `Bearer ${keys.all}` };
  const withKey: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers } });
  await client.connect(new SseV1(url, { eventSourceInit: { fetch: withKey }, requestInit: { headers } }));
  return { client, revision: "2025-11-25" };
}

type Kind = {
  readonly open: (url: URL) => Promise<Connected>;
  readonly revision: string;
  readonly path: string;
};

const kinds = {
  "client 2.x, legacy": { open: (url: URL) => v2(url, "legacy"), revision: "2025-11-25" },
  "client 2.x, auto": { open: (url: URL) => v2(url, "auto"), revision: "2026-07-28" },
  "client 2.x, pinned": { open: (url: URL) => v2(url, { pin: "2026-07-28" }), revision: "2026-07-28" },
  "sdk 1.x": { open: v1, revision: "2025-11-25" },
};

/** Every client at every address that it can speak to. */
const clients: Readonly<Record<string, Kind>> = Object.fromEntries([
  ...["/api/mcp", "/mcp", "/mcp/sse"].flatMap((path) =>
    Object.entries(kinds).map(([title, kind]): [string, Kind] => [`${title}, at ${path}`, { ...kind, path }]),
  ),
  ["sdk 1.x by the transport of 2024-11-05", { open: sse, revision: "2025-11-25", path: "/mcp/sse" }],
]);

const Created = z.object({ structuredContent: z.object({ note: z.object({ id: z.string() }) }) });
const Text = z.object({ content: z.tuple([z.object({ text: z.string() })]) });

for (const [title, { open, revision, path }] of Object.entries(clients))
  describe(title, () => {
    let sample: Sample;
    let client: AnyClient;
    before(async () => {
      sample = await serveSample();
      const connected = await open(sample.at(path));
      client = connected.client;
      assert.equal(connected.revision, revision);
    });
    after(async () => {
      await client.close();
      await sample.close();
    });

    test("learns who answers and what it is for", () => {
      assert.equal(client.getServerVersion()?.name, "sluice");
      assert.match(client.getInstructions() ?? "", /list_endpoints/);
    });

    test("lists the tools in the order they were given, without those for people", async () => {
      const { tools } = await client.listTools();
      assert.deepEqual(
        tools.map((it) => it.name),
        ["list_notes", "get_note", "create_note", "delete_note", "send_note", "break_down"],
      );
      assert.equal(tools[0]?.title, "List notes");
    });

    test("calls a tool and finds the result valid by the output schema it listed", async () => {
      await client.listTools();
      const result = await client.callTool({ name: "create_note", arguments: { text: title } });
      const { id } = Created.parse(result).structuredContent.note;
      const read = await client.callTool({ name: "get_note", arguments: { noteId: id } });
      assert.equal(Created.parse(read).structuredContent.note.id, id);
      assert.deepEqual(
        JSON.parse(Text.parse(read).content[0].text),
        (read as { structuredContent: object }).structuredContent,
      );
    });

    test("gets a dry run's account of what would change, valid by the output schema too", async () => {
      await client.listTools();
      const result = await client.callTool({ name: "create_note", arguments: { text: "dry", dryRun: true } });
      const { structuredContent } = z
        .object({
          structuredContent: z.object({ dryRun: z.literal(true), wouldChange: z.array(z.object({})) }),
        })
        .parse(result);
      assert.equal(structuredContent.wouldChange.length, 1);
    });

    test("reads a failure as a result and not as a thrown error, although it has no structured content", async () => {
      await client.listTools();
      const result = await client.callTool({ name: "create_note", arguments: { text: "", tags: ["blue"] } });
      assert.equal((result as { isError?: boolean }).isError, true);
      assert.equal("structuredContent" in result, false);
      const { code, field } = JSON.parse(Text.parse(result).content[0].text) as {
        code: string;
        field: string;
      };
      assert.deepEqual({ code, field }, { code: "invalid", field: "/text" });
    });

    test("reads a resource by its address and its alias as the tool's structured content", async () => {
      const { resources } = await client.listResources();
      assert.deepEqual(
        resources.map(({ uri }) => uri),
        ["sluice://notes/list", "sluice://bug"],
      );
      const called = await client.callTool({ name: "list_notes", arguments: {} });
      const { structuredContent } = called as { structuredContent: object };
      for (const uri of ["sluice://notes/list", "sample://notes/list"]) {
        const { contents } = await client.readResource({ uri });
        assert.equal(contents.length, 1);
        const { text, mimeType } = contents[0] as { text: string; mimeType: string };
        assert.equal(mimeType, "application/json");
        assert.deepEqual(JSON.parse(text), structuredContent);
      }
    });

    test("reads a resource through its template", async () => {
      const { resourceTemplates } = await client.listResourceTemplates();
      assert.deepEqual(
        resourceTemplates.map(({ uriTemplate }) => uriTemplate),
        ["sluice://notes/{id}"],
      );
      const made = await client.callTool({ name: "create_note", arguments: { text: `${title} templated` } });
      const { id } = Created.parse(made).structuredContent.note;
      for (const scheme of ["sluice", "sample"]) {
        const { contents } = await client.readResource({ uri: `${scheme}://notes/${id}` });
        const { text } = contents[0] as { text: string };
        assert.deepEqual(JSON.parse(text), (made as { structuredContent: object }).structuredContent);
      }
    });

    test("is told by an error of the protocol that there is no such resource", async () => {
      // The 2.x client reads the older code as what 2026-07-28 has for it, since the error says which address.
      const code = revision === "2026-07-28" || title.startsWith("client 2.x") ? -32602 : -32002;
      for (const uri of ["sluice://notes/none", "other://notes/list", "no uri"])
        await assert.rejects(
          client.readResource({ uri }),
          (error: { code: number }) => error.code === code,
          uri,
        );
    });

    test("lists prompts with their arguments and gets one", async () => {
      const { prompts } = await client.listPrompts();
      assert.deepEqual(
        prompts.map((it) => [it.name, it.arguments]),
        [
          [
            "review_notes",
            [
              { name: "topic", description: "What to look for.", required: true },
              { name: "style", required: false },
            ],
          ],
        ],
      );
      const { messages } = await client.getPrompt({ name: "review_notes", arguments: { topic: "birds" } });
      assert.equal(messages.length, 1);
      const { role, content } = messages[0] as { role: string; content: { text: string } };
      assert.equal(role, "user");
      assert.match(content.text, /^Look for birds, short, in \[/);
    });

    test("is offered what may be written for an argument or a variable", async () => {
      const prompt = async (argument: string, value: string): Promise<string[]> =>
        (
          await client.complete({
            ref: { type: "ref/prompt", name: "review_notes" },
            argument: { name: argument, value },
          })
        ).completion.values;
      assert.deepEqual(await prompt("topic", "b"), ["birds", "Bees", "blackbirds"]);
      assert.deepEqual(await prompt("topic", "Bird"), ["birds", "blackbirds"]);
      assert.deepEqual(await prompt("style", ""), ["short", "long"]);
      assert.deepEqual(await prompt("nothing", ""), []);
      const made = await client.callTool({ name: "create_note", arguments: { text: `${title} suggested` } });
      const { id } = Created.parse(made).structuredContent.note;
      const { completion } = await client.complete({
        ref: { type: "ref/resource", uri: "sluice://notes/{id}" },
        argument: { name: "id", value: id.slice(0, -1) },
      });
      assert.deepEqual(completion.values, [id]);
    });

    test("is refused a tool that is not there, with the names that are near", async () => {
      await assert.rejects(
        client.callTool({ name: "list_note", arguments: {} }),
        (error: { code: number; message: string }) =>
          error.code === -32602 && /list_note/.test(error.message),
      );
    });
  });
