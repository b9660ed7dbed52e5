import type { OutgoingMessage } from "node:http";

/**
 * The head of a message as it was sent, with what Node adds by itself; empty when none was sent. `getHeaders()` is no
 * substitute: it is empty where `writeHead` was called with headers. The member is not documented, and as old as Node.
 */
export function sentHead(message: OutgoingMessage): string {
  const head: unknown = Reflect.get(message, "_header");
  return typeof head === "string" ? head : "";
}
