import assert from "node:assert/strict";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client as SdkClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { FakeClient } from "../surfaces/oauth-world.ts";
import type { Authority, Client, Connection } from "./client.ts";
import { connectionOf } from "./sdk-client.ts";

const transports = { http: StreamableHTTPClientTransport, sse: SSEClientTransport };

/** The client of the SDK's first generation, which most of today's hosts are built on. */
export function sdkV1(name: string, transport: keyof typeof transports, path: Client["path"]): Client {
  return {
    name: `sdk 1, ${name}`,
    path,
    lacks: [],
    missing: null,
    connects: (url, by) => connects(url, by, transports[transport]),
  };
}

async function connects(
  url: URL,
  by: Authority,
  Transport: (typeof transports)[keyof typeof transports],
): Promise<Connection> {
  if (by.kind === "key") {
    const headers = { authorization: `Bearer ${by.key}` };
    return connected(new Transport(url, { requestInit: { headers } }));
  }
  const authProvider = new FakeClient(by.person);
  const first = new Transport(url, { authProvider });
  await assert.rejects(connected(first), UnauthorizedError);
  await first.finishAuth(authProvider.callback?.get("code") ?? "");
  return connected(new Transport(url, { authProvider }));
}

async function connected(transport: StreamableHTTPClientTransport | SSEClientTransport): Promise<Connection> {
  const client = new SdkClient({ name: "matrix", version: "1.0.0" });
  await client.connect(transport);
  return connectionOf(client);
}
