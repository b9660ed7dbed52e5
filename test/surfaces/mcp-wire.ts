import assert from "node:assert/strict";
import { keys } from "./mcp-sample.ts";

export type Told = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** As a test reads it: what it expects is there, or it fails. */
  readonly json: Reply;
};

type Reply = {
  readonly jsonrpc: string;
  readonly id: string | number | null;
  readonly result: Result;
  readonly error: { readonly code: number; readonly message: string; readonly data: Data };
};

type Data = Readonly<Record<"code" | "message" | "field" | "hint" | "requestId", string>> &
  Readonly<Record<"near" | "allowed" | "supported", readonly string[]>>;

type Named = { readonly name: string };

export type Tool = Named & {
  readonly inputSchema: {
    readonly additionalProperties: boolean;
    readonly required: readonly string[];
    readonly properties: Readonly<Record<string, object>>;
  };
  readonly outputSchema: object;
  readonly annotations: Readonly<Record<string, boolean>>;
  readonly title: string;
  readonly description: string;
  /** Of lists for management tokens. */
  readonly _meta?: { readonly requiredScope: string };
};

type Result = {
  readonly tools: readonly Tool[];
  readonly resources: readonly Named[];
  readonly resourceTemplates: readonly Named[];
  readonly prompts: readonly Named[];
  readonly isError?: boolean;
  readonly content: readonly [{ readonly text: string }];
  readonly structuredContent: { readonly notes: readonly { readonly text: string }[] };
  readonly capabilities: { readonly tools: object };
  readonly serverInfo: Named;
  readonly completion: { readonly values: readonly string[] };
  readonly supportedVersions: readonly string[];
  readonly ttlMs: number;
} & Readonly<Record<"protocolVersion" | "instructions" | "cacheScope" | "resultType", string>>;

export const bearer = { authorization: `Bearer ${keys.all}` };

/** Speaks to a server as curl does, with the key that may do everything unless `headers` name another. */
export function sender(
  url: () => URL,
): (body: string | object, headers?: Record<string, string>) => Promise<Told> {
  return async (body, headers = {}) => {
    const response = await fetch(url(), {
      method: "POST",
      headers: { ...bearer, ...headers },
      body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const json = JSON.parse(text === "" ? "null" : text) as Reply;
    return { status: response.status, headers: response.headers, text, json };
  };
}

export function ask(method: string, params?: object, id: string | number = 1): object {
  return { jsonrpc: "2.0", id, method, ...(params && { params }) };
}

/** What 2026-07-28 wants in the `_meta` of every request. */
export const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

export function modernHeaders(method: string, name?: string): Record<string, string> {
  return {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
  };
}

/** The JSON that a failed tool call answers as text. */
export function failureOf({ json }: Told): Record<string, unknown> {
  assert.equal(json.result.isError, true);
  return JSON.parse(json.result.content[0].text) as Record<string, unknown>;
}
