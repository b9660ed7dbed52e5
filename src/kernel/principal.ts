export type Scope = `${string}:${string}`;

export type Actor = { readonly kind: "user" | "key" | "system"; readonly id: string };

/** Who is asking. Decided once at the edge and never derived again. */
export type Principal = {
  /** The workspaces this principal may act in; a call is always made in exactly one of them. */
  readonly workspaces: readonly string[];
  readonly actor: Actor;
  /** "all" is an API key: every scope there is. */
  readonly scopes: ReadonlySet<Scope> | "all";
  /** Confines only ever narrow what the scopes allow. */
  readonly confines: { readonly environment?: string; readonly buckets?: readonly string[] };
};

export function may(principal: Principal, scope: Scope): boolean {
  return principal.scopes === "all" || principal.scopes.has(scope);
}
