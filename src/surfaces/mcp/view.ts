import { may, type Scope } from "../../kernel/principal.ts";
import type { Caller } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";

/** Whether a caller is shown an operation. What it may do is decided by `invoke`; a list only spares it the refusals. */
export function shows(it: Operation, { principal, readOnly }: Caller): boolean {
  return may(principal, it.scope) && (!readOnly || it.effect === "read");
}

/** Callers with the same key are shown the same lists. `scopes` are those that any list depends on. */
export function viewKey(scopes: readonly Scope[], { principal, readOnly }: Caller): string {
  const held = scopes.filter((scope) => may(principal, scope));
  return `${readOnly ? "reads" : "everything"} ${held.join(" ")}`;
}
