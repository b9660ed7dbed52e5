import { Failure } from "../kernel/failure.ts";
import type { Context } from "./context.ts";

/** @throws Failure invalid when the URL may not be a target, or its name does not resolve */
export async function checkTarget({ outbound }: Context, targetUrl: string): Promise<void> {
  const refusal = await outbound.resolve(targetUrl);
  if (refusal === undefined) return;
  throw new Failure("invalid", `This target is not allowed: ${refusal.message}`, {
    pointer: "/targetUrl",
    hint: refusal.hint,
  });
}
