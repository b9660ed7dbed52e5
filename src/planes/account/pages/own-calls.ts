import { newId } from "../../../kernel/id.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { principalOf } from "../people/session-principal.ts";
import type { Own } from "./own.ts";
import type { Parts } from "./parts.ts";

/**
 * Calls an operation as who is signed in, by the same door as every surface: pages do nothing that operations refuse.
 *
 * @throws Failure whatever `invoke` throws
 */
export async function ownCall(
  { engines, members }: Parts,
  { session }: Pick<Own, "session">,
  { of, input = {} }: { readonly of: Operation; readonly input?: Output },
): Promise<Output> {
  const caller = {
    principal: await principalOf(session, members),
    surface: "page",
    requestId: newId("req"),
    signal: new AbortController().signal,
    idempotencyKey: null,
    readOnly: false,
  } as const;
  return invoke(of, input, caller, engines);
}
