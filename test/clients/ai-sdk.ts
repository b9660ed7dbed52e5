import assert from "node:assert/strict";
import { auth, createMCPClient } from "@ai-sdk/mcp";
import { FakeClient } from "../surfaces/oauth-world.ts";
import { contentText, messageText, structured, toolNames } from "./answers.ts";
import type { Authority, Client, Connection } from "./client.ts";

/** Vercel's AI SDK, which has a client of its own. */
export function aiSdk(type: "http" | "sse", path: Client["path"]): Client {
  return {
    name: `ai sdk, ${type}`,
    path,
    lacks: [],
    missing: null,
    connects: (url, by) => connects(url, by, type),
  };
}

async function connects(url: URL, by: Authority, type: "http" | "sse"): Promise<Connection> {
  const headers = by.kind === "key" ? { Authorization: `Bearer ${by.key}` } : {};
  const authProvider = by.kind === "oauth" ? new FakeClient(by.person) : undefined;
  const transport = { type, url: url.href, headers, ...(authProvider && { authProvider }) };
  if (authProvider !== undefined) {
    await assert.rejects(createMCPClient({ transport }), /Unauthorized/i);
    const code = authProvider.callback?.get("code") ?? "";
    const state = authProvider.callback?.get("state") ?? "";
    assert.equal(
      await auth(authProvider, { serverUrl: url, authorizationCode: code, callbackState: state }),
      "AUTHORIZED",
    );
  }
  const client = await createMCPClient({ transport });
  return {
    list: async () => toolNames(await client.listTools()),
    call: async (name, input) => structured(await client.callTool({ name, arguments: { ...input } })),
    read: async (uri) => contentText(await client.readResource({ uri })),
    prompt: async (name, input) => messageText(await client.getPrompt({ name, arguments: { ...input } })),
    close: () => client.close(),
  };
}
