import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { Input } from "./mcp-adding.ts";
import { serveProduct, type Served } from "./mcp-product.ts";
import { listing, requestOf } from "./mcp-request.ts";

/**
 * What any server must do at the least: read, JSON.parse, check, do it, JSON.stringify. The list is ready-made, as an
 * object; at `?spliced` as text, the least that can be done.
 */
export async function serveBare(): Promise<Omit<Served, "close">> {
  const Request = z.object({
    jsonrpc: z.literal("2.0"),
    id: z.union([z.string(), z.int()]),
    method: z.string(),
    params: z.looseObject({ name: z.string().optional(), arguments: Input.optional() }),
  });
  const list = await renderedList();
  const listText = JSON.stringify(list);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { id, method, params } = Request.parse(JSON.parse(Buffer.concat(chunks).toString()));
      const { a, b } = params.arguments ?? { a: 0, b: 0 };
      const result = { content: [{ type: "text", text: String(a + b) }], structuredContent: { sum: a + b } };
      const body =
        method === "tools/list" && request.url?.endsWith("spliced") === true
          ? `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${listText}}`
          : JSON.stringify({ jsonrpc: "2.0", id, result: method === "tools/list" ? list : result });
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      });
      response.end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/mcp`, key: "" };
}

async function renderedList(): Promise<object> {
  const { url, key, close } = await serveProduct();
  const response = await fetch(url, requestOf(listing, key));
  const { result } = (await response.json()) as { result: object };
  await close();
  return result;
}
