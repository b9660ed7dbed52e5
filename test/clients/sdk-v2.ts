import assert from "node:assert/strict";
import {
  Client as SdkClient,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { FakeClient } from "../surfaces/oauth-world.ts";
import type { Authority, Client, Connection } from "./client.ts";
import { connectionOf } from "./sdk-client.ts";

type Mode = "legacy" | "auto" | { readonly pin: string };

/** The client of the SDK's second generation, which chooses a revision, or is told which. */
export function sdkV2(era: string, mode: Mode, path: Client["path"]): Client {
  return {
    name: `sdk 2, ${era}`,
    path,
    lacks: [],
    missing: null,
    connects: (url, by) => connects(url, by, mode),
  };
}

async function connects(url: URL, by: Authority, mode: Mode): Promise<Connection> {
  const client = new SdkClient({ name: "matrix", version: "1.0.0" }, { versionNegotiation: { mode } });
  if (by.kind === "key") {
    const headers = { authorization: `Bearer ${by.key}` };
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    return connectionOf(client);
  }
  const authProvider = new FakeClient(by.person);
  const first = new StreamableHTTPClientTransport(url, { authProvider });
  await assert.rejects(client.connect(first), UnauthorizedError);
  await first.finishAuth(authProvider.callback ?? new URLSearchParams());
  await client.connect(new StreamableHTTPClientTransport(url, { authProvider }));
  return connectionOf(client);
}
