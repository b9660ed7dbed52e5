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
  | "session";

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

/** Whether there is anything in a workspace that may not be seen. */
export function isConfined({ confines: { environment, buckets } }: Principal): boolean {
  return environment !== undefined || buckets !== undefined;
}

/** Whether what is in this place may be seen. */
export function mayReach(
  { confines: { environment, buckets } }: Principal,
  place: { readonly environment: string; readonly bucket: string },
): boolean {
  const inEnvironment = environment === undefined || environment === place.environment;
  return inEnvironment && (buckets === undefined || buckets.includes(place.bucket));
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
