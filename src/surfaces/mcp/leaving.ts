import { cancelled } from "../../registry/cancelled.ts";
import type { RawRequest } from "../../engines/inbound/inbound.ts";
import { isModernVersion } from "./every-era.ts";

/** What a call looks at to know whether it is given up. */
type Leaver = { readonly signal: AbortSignal };

/**
 * The sender of a request outside of a session. In 2026-07-28 leaving is how a call is cancelled; in earlier revisions a
 * connection that breaks says nothing but that nobody waits any more.
 */
export function senderOf(request: RawRequest): Leaver {
  return isModernVersion(request.header("mcp-protocol-version") ?? "") ? leavingCancels(request) : request;
}

/** Of a request whose sender cancels by leaving: there is no session to say it in. */
export function leavingCancels(request: Pick<RawRequest, "signal">): Leaver {
  return {
    get signal() {
      const { signal } = request;
      const call = new AbortController();
      const left = (): void => call.abort(cancelled);
      if (signal.aborted) left();
      else signal.addEventListener("abort", left, { once: true });
      return call.signal;
    },
  };
}
