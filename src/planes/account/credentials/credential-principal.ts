import type { Principal, Scope, Scopes } from "../../../kernel/principal.ts";
import type { CredentialRow } from "./credential.ts";
import type { LiveMembers } from "../people/live-members.ts";

/** What a credential may do at this moment. @throws Failure unavailable */
export async function principalOf(
  { id, workspace, value }: CredentialRow,
  members: LiveMembers,
): Promise<Principal> {
  const { kind, owner, environment, buckets, toolsets } = value;
  const personal = kind === "personal-key";
  return {
    workspaces: personal ? await members.scopesOf(owner) : new Map([[workspace, scopesIn(value.scopes)]]),
    actor: personal ? { kind: "user", id: owner } : { kind: "key", id },
    credential: { kind, id },
    confines: {
      ...(environment !== null && { environment }),
      ...(buckets !== null && { buckets }),
    },
    toolsets,
  };
}

function scopesIn(names: readonly string[] | null): Scopes {
  return names === null ? "all" : new Set(names.filter(isScope));
}

function isScope(name: string): name is Scope {
  return name.includes(":");
}
