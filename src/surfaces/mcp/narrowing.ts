import type { RawRequest } from "../../engines/inbound/inbound.ts";
import { Failure } from "../../kernel/failure.ts";
import { quoted } from "../../kernel/quoted.ts";

/** Asks that narrow what other servers show. They are not served here, and one that is ignored widens what was meant. */
const unserved = ["x-mcp-toolsets", "x-mcp-tools", "x-mcp-exclude-tools"];
const allowed = ["true", "false"];

/**
 * Whether the caller asked for reads only, by `?readonly=true` or `X-MCP-Readonly: true`; either of them is enough.
 *
 * @throws Failure invalid for any other selector or value
 */
export function asksReadOnly(request: RawRequest): boolean {
  const question = request.target.indexOf("?");
  const selectors = new URLSearchParams(question < 0 ? "" : request.target.slice(question + 1));
  const asked: string[] = [];
  for (const [name, value] of selectors) {
    if (name !== "readonly") throw unknown(`The query selector ${quoted(name)} is not served here.`);
    asked.push(value);
  }
  const header = request.header("x-mcp-readonly");
  if (header !== undefined) asked.push(header.trim().toLowerCase());
  const wrong = asked.find((value) => !allowed.includes(value));
  if (wrong !== undefined)
    throw new Failure("invalid", `readonly cannot be ${quoted(wrong)}.`, {
      allowed,
      hint: "Use ?readonly=true or X-MCP-Readonly: true, or leave it out.",
    });
  const ignored = unserved.find((name) => request.header(name) !== undefined);
  if (ignored !== undefined) throw unknown(`The header ${ignored} is not served here.`);
  return asked.includes("true");
}

function unknown(message: string): Failure {
  return new Failure("invalid", message, {
    allowed: ["?readonly=true", "X-MCP-Readonly: true"],
    hint: "Narrowing goes by readonly, and by the scopes of the key.",
  });
}

const loopback = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Browsers say which page asks: only pages of this server and of the same machine may. Other clients say nothing.
 *
 * @throws Failure forbidden for the page of another site (DNS rebinding)
 */
export function refuseForeignOrigin(origin: string | undefined, publicUrl: string): void {
  if (origin === undefined) return;
  const url = URL.parse(origin);
  if (url !== null && (url.origin === new URL(publicUrl).origin || loopback.includes(url.hostname))) return;
  throw new Failure("forbidden", `Pages of ${origin.slice(0, 100)} may not call this server.`, {
    allowed: [publicUrl],
    hint: "Call from this server's own address, or from a client that is no web page.",
  });
}
