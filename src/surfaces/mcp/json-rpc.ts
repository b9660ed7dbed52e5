import { z } from "zod";
import type { RawAnswer } from "../../engines/inbound/inbound.ts";
import { pointerOf } from "../../registry/parse.ts";

const RpcIdShape = z.union([z.string(), z.int()]);

export type RpcId = z.output<typeof RpcIdShape>;

/** JSON-RPC 2.0 as MCP narrows it: an id is a string or an integer, params are an object, no id = a notification. */
export const RpcMessage = z.object({
  jsonrpc: z.literal("2.0"),
  id: RpcIdShape.optional(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});

export type RpcMessage = z.output<typeof RpcMessage>;
export type RpcRequest = RpcMessage & { readonly id: RpcId };

/** What a client sends back to a request of this server. */
export const RpcAnswer = z.union([
  z.object({ id: RpcIdShape, result: z.record(z.string(), z.unknown()) }),
  z.object({ id: RpcIdShape, error: z.object({ code: z.int(), message: z.string() }) }),
]);

export type RpcAnswer = z.output<typeof RpcAnswer>;
export type Params = Readonly<Record<string, unknown>>;

/**
 * Codes of JSON-RPC 2.0 and of MCP. What the protocol has no code for is answered with the HTTP status that fits
 * (403, 429, 503): MCP 2026-07-28 wants codes of an application outside of -32768 to -32000.
 */
export const rpcCode = {
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  /** Up to 2025-11-25; later revisions answer it as `invalidParams`. */
  resourceNotFound: -32_002,
  /** 2026-07-28, answered with HTTP 400. */
  headerMismatch: -32_020,
  /** 2026-07-28, answered with HTTP 400. */
  missingCapability: -32_021,
} as const;

/** Refuses one request by an error of the protocol. All of it is public. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: object | undefined;

  constructor(code: number, message: string, data?: object) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.data = data;
  }
}

const jsonHeaders = { "content-type": "application/json", "cache-control": "no-store" };

/** Puts the id of a request around a result that is JSON already: bytes of UTF-8 for what is sent again and again. */
export function resultAnswer(id: RpcId, resultJson: string | Buffer): RawAnswer {
  const begun = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`;
  const body = typeof resultJson === "string" ? `${begun}${resultJson}}` : [begun, resultJson, "}"];
  return { status: 200, headers: jsonHeaders, body };
}

export function textOf({ body }: RawAnswer): string {
  const pieces = typeof body === "string" || body instanceof Uint8Array ? [body] : body;
  return pieces.map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece).toString())).join("");
}

/** `id` is null when the request's own could not be read. */
export function errorAnswer(
  status: number,
  id: RpcId | null,
  error: RpcError,
  headers: Readonly<Record<string, string>> = {},
): RawAnswer {
  return { status, headers: { ...jsonHeaders, ...headers }, body: errorBody(id, error) };
}

export function errorBody(id: RpcId | null, { code, message, data }: RpcError): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, data } });
}

/** An answer of the SDK, or 202 with nothing in it. */
export function plainAnswer(status: number, body: string): RawAnswer & { readonly body: string } {
  return { status, headers: body === "" ? {} : jsonHeaders, body };
}

/** @throws RpcError invalidParams that points at the first problem */
export function parseParams<S extends z.ZodType>(shape: S, params: Params | undefined): z.output<S> {
  const parsed = shape.safeParse(params ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = `/params${pointerOf(issue?.path ?? [])}`;
  throw new RpcError(rpcCode.invalidParams, `Invalid params at ${field}: ${issue?.message ?? "invalid"}.`, {
    field,
  });
}
