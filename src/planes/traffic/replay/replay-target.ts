import type { Exchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { Context } from "../../../registry/context.ts";

/** Addresses of two versions of one server. */
export type Versions = { readonly baseline: URL; readonly candidate: URL };

/**
 * The address of a test server that captured requests may be sent to; `member` of the input names it.
 *
 * @throws Failure forbidden unless the operator allowed it; invalid for what the guard refuses or no name leads to
 */
export async function replayTarget(
  member: string,
  target: string,
  { settings, outbound }: Context,
): Promise<URL> {
  const url = new URL(target);
  const pointer = `/${member}`;
  const allowed = settings.replayTargets;
  if (!allowed.includes(url.origin))
    throw new Failure("forbidden", "Requests may not be replayed to this server.", {
      pointer,
      allowed,
      hint: `The operator names test servers in SLUICE_REPLAY_TARGETS, such as ${url.origin}.`,
    });
  const refusal = await outbound.resolve(target);
  if (refusal === undefined) return url;
  throw new Failure("invalid", `The target is not allowed: ${refusal.message}`, {
    pointer,
    hint: refusal.hint,
  });
}

/** Whether a request would change something again at the very server that it was captured at. */
export function changesItsOrigin({ method, host }: Exchange, target: URL): boolean {
  return target.host === host && !["GET", "HEAD", "OPTIONS"].includes(method);
}
