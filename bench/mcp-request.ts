// Requests that bench/mcp.ts sends, the same to every server.
export type Case = {
  readonly method: string;
  readonly modern: boolean;
  readonly params: object;
  /** Query that the bare responder is asked with. */
  readonly bare?: string;
  /** Whether the SDK used naively is measured too. */
  readonly naive?: boolean;
};

const revision = "2026-07-28";
const envelope = {
  "io.modelcontextprotocol/protocolVersion": revision,
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

const add = { name: "tool_7", arguments: { a: 2, b: 40 } };

export const listing: Case = { method: "tools/list", modern: false, params: {} };
const modernListing: Case = { method: "tools/list", modern: true, params: { _meta: envelope } };
const modernCall: Case = { method: "tools/call", modern: true, params: { ...add, _meta: envelope } };

export const cases: Readonly<Record<string, Case>> = {
  "tools/call legacy": { method: "tools/call", modern: false, params: add, naive: true },
  "tools/call modern": { ...modernCall, naive: true },
  "tools/list legacy": listing,
  "tools/list modern": modernListing,
  "tools/list legacy, bare list spliced too": { ...listing, bare: "?spliced" },
  "tools/list modern, bare list spliced too": { ...modernListing, bare: "?spliced" },
};

type Sent = { readonly method: "POST"; readonly headers: Record<string, string>; readonly body: string };

export function requestOf({ method, modern, params }: Case, key: string): Sent {
  return {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(modern && { "mcp-protocol-version": revision, "mcp-method": method }),
      ...(modern && method === "tools/call" && { "mcp-name": add.name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  };
}
