import assert from "node:assert/strict";
import { auth } from "@modelcontextprotocol/client";
import { z } from "zod";
import { FakeClient } from "../surfaces/oauth-world.ts";
import { contentText } from "./answers.ts";
import type { Authority, Client, Connection } from "./client.ts";
import { load, missing } from "./installed.ts";

const packageName = "@openai/agents-core";

type Server = {
  connect(): Promise<void>;
  listTools(): Promise<unknown>;
  callTool(name: string, input: object): Promise<unknown>;
  readResource(uri: string): Promise<unknown>;
  close(): Promise<void>;
};
type Options = { url: string; requestInit?: object; authProvider?: object };
type Kind = "MCPServerStreamableHttp" | "MCPServerSSE";
type Agents = Readonly<Record<Kind, new (options: Options) => Server>>;

const Tools = z.array(z.object({ name: z.string() }));
const Content = z.tuple([z.object({ text: z.string() })]);

/** The MCP part of OpenAI's Agents SDK. It hands the text of a result to the model. */
export function openaiAgents(kind: Kind, path: Client["path"]): Client {
  return {
    name: `openai agents, ${kind === "MCPServerSSE" ? "sse" : "http"}`,
    path,
    lacks: ["prompt"],
    missing: missing(packageName),
    connects: (url, by) => connects(url, by, kind),
  };
}

async function connects(url: URL, by: Authority, kind: Kind): Promise<Connection> {
  const agents = (await load(packageName)) as Agents;
  const open = (authority: Omit<Options, "url">): Server => new agents[kind]({ url: url.href, ...authority });
  if (by.kind === "key")
    return connected(open({ requestInit: { headers: { authorization: `Bearer ${by.key}` } } }));
  const authProvider = new FakeClient(by.person);
  await signedIn(open({ authProvider }), url, authProvider);
  return connected(open({ authProvider }));
}

async function connected(server: Server): Promise<Connection> {
  await server.connect();
  assert.ok(!("getPrompt" in server), "it has prompts by now: ask for them");
  return {
    list: async () => Tools.parse(await server.listTools()).map(({ name }) => name),
    call: async (name, input) =>
      JSON.parse(Content.parse(await server.callTool(name, input))[0].text) as unknown,
    read: async (uri) => contentText(await server.readResource(uri)),
    prompt: () => Promise.reject(new Error("it has no prompts")),
    close: () => server.close(),
  };
}

/** It asks and leaves the exchange of the code to the program around it. */
async function signedIn(server: Server, serverUrl: URL, provider: FakeClient): Promise<void> {
  await assert.rejects(server.connect());
  const { callback } = provider;
  const authorizationCode = callback?.get("code") ?? "";
  const iss = callback?.get("iss") ?? "";
  assert.equal(await auth(provider, { serverUrl, authorizationCode, iss }), "AUTHORIZED");
  await server.close();
}
