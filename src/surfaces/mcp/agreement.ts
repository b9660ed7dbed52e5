import type { ProtocolHeaders } from "./era.ts";
import type { RpcMessage } from "./json-rpc.ts";

const revision = "2026-07-28";

/** Which member of `params` the header `Mcp-Name` repeats. */
const named = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
]);

/** Whether this is a request of 2026-07-28 whose headers are all there and equal the body. Base64 is the SDK's to read. */
export function agrees({ id, method, params }: RpcMessage, headers: ProtocolHeaders): boolean {
  if (id === undefined || headers.version !== revision || headers.method !== method) return false;
  const member = named.get(method);
  if (member === undefined) return true;
  return headers.name === params?.[member] && headers.name?.startsWith("=?") === false;
}
