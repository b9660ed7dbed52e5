import type { Seen } from "../../../capture/selection.ts";
import type { Exchange } from "../../kernel/exchange.ts";
import type { CapturedRecord } from "../../../capture/wire.ts";

/** A record as selections look at it. */
export function seenIn({ method, host, target, status, ip, request }: CapturedRecord): Seen {
  return { method, host, target, status, ip, headers: request.headers };
}

/** A stored exchange as selections look at it; without its content there are no headers but the user agent. */
export function seenAgain({ method, host, path, status, facts, request }: Exchange): Seen {
  const { userAgent, ip } = facts;
  const headers =
    request.headers.length > 0 ? request.headers : [["user-agent", String(userAgent ?? "")] as const];
  return { method, host, target: path, status, ip: typeof ip === "string" ? ip : null, headers };
}

/** Without the query. */
export function pathOf(target: string): string {
  const at = target.search(/[?#]/);
  return at === -1 ? target : target.slice(0, at);
}
