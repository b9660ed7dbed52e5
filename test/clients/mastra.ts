import { z } from "zod";
import { register } from "../surfaces/oauth-world.ts";
import { contentText, messageText } from "./answers.ts";
import type { Authority, Client, Connection } from "./client.ts";
import { load, missing } from "./installed.ts";
import { approve, freePort } from "./loopback.ts";

const packageName = "@mastra/mcp";
const server = "sluice";

type Tool = { execute(input: object, context: object): Promise<unknown> };
type MastraClient = {
  authenticate(server: string): Promise<void>;
  listTools(): Promise<Readonly<Record<string, Tool>>>;
  readonly resources: { read(server: string, uri: string): Promise<unknown> };
  readonly prompts: { get(asked: { serverName: string; name: string; args: object }): Promise<unknown> };
  disconnect(): Promise<void>;
};
type Mastra = {
  readonly MCPClient: new (options: object) => MastraClient;
  readonly MCPOAuthClientProvider: new (options: object) => object;
};

const Structured = z.record(z.string(), z.unknown());

/** Mastra's client, which makes each tool a function of its own under the server's name. */
export function mastra(era: "auto" | "legacy", path: Client["path"]): Client {
  return {
    name: `mastra, ${era}`,
    path,
    lacks: [],
    missing: missing(packageName),
    connects: (url, by) => connects(url, by, era),
  };
}

async function connects(url: URL, by: Authority, era: "auto" | "legacy"): Promise<Connection> {
  const { MCPClient, MCPOAuthClientProvider } = (await load(packageName)) as Mastra;
  const authority =
    by.kind === "key"
      ? { requestInit: { headers: { Authorization: `Bearer ${by.key}` } } }
      : { authProvider: new MCPOAuthClientProvider(await identity(url, by)) };
  const client = new MCPClient({
    id: `${url.href} ${by.kind} ${era}`,
    servers: { [server]: { url, ...authority, ...(era === "legacy" && { protocolVersion: era }) } },
  });
  if (by.kind === "oauth") await client.authenticate(server);
  const tools = await client.listTools();
  return {
    list: async () => Object.keys(await client.listTools()).map((name) => name.slice(server.length + 1)),
    call: async (name, input) => Structured.parse(await tools[`${server}_${name}`]?.execute(input, {})),
    read: async (uri) => contentText(await client.resources.read(server, uri)),
    prompt: async (name, args) => messageText(await client.prompts.get({ serverName: server, name, args })),
    close: () => client.disconnect(),
  };
}

/** It registers no client by itself: its developer does so once. */
async function identity(url: URL, { person }: Extract<Authority, { kind: "oauth" }>): Promise<object> {
  const redirectUrl = `http://127.0.0.1:${await freePort()}/callback`;
  const { clientId } = await register({ url: url.origin }, { redirect_uris: [redirectUrl] });
  return {
    redirectUrl,
    clientMetadata: {
      client_name: "Fake Mastra",
      redirect_uris: [redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    clientInformation: { client_id: clientId },
    onRedirectToAuthorization: (link: URL) => approve(person, link),
  };
}
