import type { Headers } from "../../kernel/exchange.ts";
import type { Send } from "../../kernel/send.ts";

/** Documents are a few hundred bytes; the draft suggests this limit. */
export const documentBytesMax = 5 * 1024;
const timeoutMs = 5_000;

/**
 * Reads a document at an address that somebody else chose, for oidc-provider: no redirect is followed, nothing private
 * reached, and no more read than tells that it is too much.
 */
export function metadataFetch(send: Send): (input: string | URL | Request) => Promise<Response> {
  return async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    const headers: Headers = [
      ["accept", "application/json"],
      ["user-agent", "sluice"],
    ];
    const outcome = await send({
      method: "GET",
      url,
      headers,
      body: null,
      timeoutMs,
      readMax: documentBytesMax + 1,
    });
    if (outcome.kind === "refused") throw new Error(outcome.refusal.message);
    if (outcome.kind === "unreachable") throw new Error(outcome.message);
    if (outcome.broken !== null) throw new Error(`the answer broke off: ${outcome.broken}`);
    const { status, body } = outcome;
    // Whatever is no success is refused by its status alone.
    if (status !== 200) return new Response(null, { status: status < 200 || status > 599 ? 502 : status });
    return new Response(Buffer.from(body), {
      status,
      headers: outcome.headers.map(([name, value]) => [name, value]),
    });
  };
}
