export type Scope = `${string}:${string}`;

export type Scopes = ReadonlySet<Scope> | "all";

export type Actor = { readonly kind: "user" | "key" | "system"; readonly id: string };

/** How a principal proved who it is. */
export type CredentialKind =
  | "api-key"
  | "personal-key"
  | "mcp-token"
  | "management-token"
  | "oauth"
  | "session"
  | "none";

/** Who is asking. Decided once at the edge and never derived again. */
export type Principal = {
  /** The workspaces this principal may act in, and what it may do there; a call is always made in exactly one of them. */
  readonly workspaces: ReadonlyMap<string, Scopes>;
  readonly actor: Actor;
  readonly credential: { readonly kind: CredentialKind; readonly id: string };
  /** Confines only ever narrow what the scopes allow. */
  readonly confines: { readonly environment?: string; readonly buckets?: readonly string[] };
  /** The planes whose tools are listed unless a client asks for others: a view, and no permission. */
  readonly toolsets: readonly string[];
};

/** Whether the scope is held in this workspace, or without one named in any. */
export function may({ workspaces }: Principal, scope: Scope, workspace?: string): boolean {
  if (workspace !== undefined) return holds(workspaces.get(workspace), scope);
  for (const scopes of workspaces.values()) if (holds(scopes, scope)) return true;
  return false;
}

function holds(scopes: Scopes | undefined, scope: Scope): boolean {
  return scopes !== undefined && (scopes === "all" || scopes.has(scope));
}

/** What is held, for people to read: in this workspace, or without one named in any. */
export function heldScopes({ workspaces }: Principal, workspace?: string): readonly string[] {
  const held = new Set<string>();
  for (const [id, scopes] of workspaces) {
    if (workspace !== undefined && id !== workspace) continue;
    if (scopes === "all") return ["all"];
    for (const scope of scopes) held.add(scope);
  }
  return [...held].toSorted();
}
