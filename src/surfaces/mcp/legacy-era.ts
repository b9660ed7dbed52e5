import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/server";
import { z } from "zod";
import { instructions } from "./about.ts";
import type { Era, Heard, Self } from "./era.ts";
import {
  errorAnswer,
  plainAnswer,
  resultAnswer,
  RpcError,
  rpcCode,
  type Params,
  type RpcRequest,
} from "./json-rpc.ts";
import type { BoundedMap } from "./bounded-map.ts";
import type { Methods } from "./methods.ts";

/** Newest first; 2026-07-28 and later are not negotiated by `initialize`. */
const versions: readonly string[] = SUPPORTED_PROTOCOL_VERSIONS;
const [latest = ""] = versions;

const InitializeParams = z.object({ protocolVersion: z.string() });

/** The revision that `initialize` is answered with: the one asked for, or the newest of its kind. */
export function negotiated(params: Params | undefined): string {
  const asked = InitializeParams.safeParse(params);
  return asked.success && versions.includes(asked.data.protocolVersion) ? asked.data.protocolVersion : latest;
}

/**
 * Revisions 2024-11-05 to 2025-11-25 without a session: `initialize` is answered, and nothing depends on it. Written
 * without the SDK, whose stateless leg refuses clients that do not accept event streams and builds a server for each
 * request; what these revisions wrap around a result is nothing.
 */
export function legacyEra(methods: Methods, lists: BoundedMap<Buffer>, self: Self): Era {
  const { capabilities, serverInfo } = self;

  async function result(request: RpcRequest, { caller, view }: Heard): Promise<string | Buffer> {
    const { method, params } = request;
    if (method === "initialize") {
      const protocolVersion = negotiated(params);
      return JSON.stringify({ protocolVersion, capabilities, serverInfo, instructions });
    }
    if (method === "ping") return "{}";
    if (!methods.isList(method, params)) return JSON.stringify(await methods.answer(method, params, caller));
    const key = `legacy ${method} ${view}`;
    const kept = lists.get(key);
    if (kept !== undefined) return kept;
    const text = JSON.stringify(await methods.answer(method, params, caller));
    lists.keep(key, Buffer.from(text));
    return text;
  }

  return {
    async answer(message, heard) {
      const { id, method } = message;
      const { version } = heard.headers;
      if (id === undefined) return plainAnswer(202, "");
      if (version !== undefined && method !== "initialize" && !versions.includes(version))
        return errorAnswer(400, id, unknownVersion(version));
      try {
        return resultAnswer(id, await result({ ...message, id }, heard));
      } catch (error) {
        if (error instanceof RpcError) return errorAnswer(200, id, error);
        throw error;
      }
    },
  };
}

function unknownVersion(version: string): RpcError {
  return new RpcError(
    rpcCode.invalidRequest,
    `MCP-Protocol-Version names ${version.slice(0, 40)}, which is not spoken here.`,
    { supported: versions },
  );
}
