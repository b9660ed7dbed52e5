import { getRequestListener } from "@hono/node-server";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { does, Input, Output, toolCount, toolName } from "./mcp-adding.ts";
import type { Served } from "./mcp-product.ts";

/** As its guide shows: a server for each request with all tools and their zod schemas. It knows no keys. */
function naiveServer(): McpServer {
  const server = new McpServer({ name: "naive", version: "0.0.0" });
  for (let i = 0; i < toolCount; i++)
    server.registerTool(
      toolName(i),
      {
        title: `Tool ${i}`,
        description: does,
        inputSchema: Input,
        outputSchema: Output,
        annotations: { readOnlyHint: true },
      },
      ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }], structuredContent: { sum: a + b } }),
    );
  return server;
}

/** The SDK's stateless handler, which serves every revision, behind node:http by the adapter that its own one wraps. */
export async function serveNaive(): Promise<Omit<Served, "close">> {
  const handler = createMcpHandler(naiveServer);
  const listener = getRequestListener((request) => handler.fetch(request));
  const server = createServer((request, response) => void listener(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, key: "" };
}
