import { Failure } from "../../../kernel/failure.ts";
import type { Principal, Scope, Scopes } from "../../../kernel/principal.ts";
import type { Engines } from "../../../registry/engines.ts";
import { usualToolsets } from "../credentials/credential-form.ts";
import type { LiveMembers } from "../people/live-members.ts";

/** Who a bearer text is for at this resource. */
export type ByToken = (text: string, resource: string) => Promise<Principal | undefined>;

/** Tokens of oidc-provider are 256 random bits as base64url: nothing else of ours looks like it. */
const tokenPattern = /^[\w-]{43}$/;

/**
 * Who an OAuth access token is for, with what they approved and may still do. undefined = it does not look like one.
 *
 * A grant that was revoked is refused from the next call on, and within a second by other processes; what a role no longer
 * allows is not allowed from the next call on.
 *
 * @throws Failure unauthenticated that lets the client sign in again, or unavailable
 */
export function oauthPrincipals(
  { identity, catalogue, settings }: Pick<Engines, "identity" | "catalogue" | "settings">,
  members: Pick<LiveMembers, "scopesOf">,
): ByToken {
  const known = new Map<string, Scope>([...catalogue.operations.values()].map(({ scope }) => [scope, scope]));
  return async (text, resource) => {
    if (!tokenPattern.test(text)) return undefined;
    const token = await identity.token(text);
    if (token === undefined)
      throw refused(
        "This access token is not known, is over, or was revoked.",
        "Get a new one, or connect again.",
      );
    if (token.audience !== settings.publicUrl + placeOf(resource))
      throw refused("This access token is made out to another address.", "Ask for one with this `resource`.");
    const allowed = (await members.scopesOf(token.account)).get(token.realm);
    if (allowed === undefined)
      throw refused(
        "Whoever connected this client is no longer a member of the workspace.",
        "Connect it again, in a workspace of yours.",
      );
    const granted = token.scopes.map((scope) => known.get(scope)).filter((scope) => scope !== undefined);
    return {
      workspaces: new Map([[token.realm, both(granted, allowed)]]),
      actor: { kind: "user", id: token.account },
      credential: { kind: "oauth", id: token.grant },
      confines: {},
      toolsets: token.toolsets ?? usualToolsets.oauth,
    };
  };
}

/** `/mcp/sse` is another way to what is at `/mcp`. */
function placeOf(resource: string): string {
  return resource.startsWith("/mcp/") ? "/mcp" : resource;
}

function both(granted: readonly Scope[], allowed: Scopes): Scopes {
  return new Set(granted.filter((scope) => allowed === "all" || allowed.has(scope)));
}

function refused(message: string, hint: string): Failure {
  return new Failure("unauthenticated", message, { hint, signIn: true });
}
