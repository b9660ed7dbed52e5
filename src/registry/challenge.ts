import type { Failure } from "../kernel/failure.ts";
import type { Principal } from "../kernel/principal.ts";

/** Where a request was sent that is refused, and whether with an `Authorization` header. */
export type Challenged = {
  /** Below the public address, what a token has to be made out to. */
  readonly resource: string;
  readonly authorization: string | undefined;
};

/**
 * `WWW-Authenticate` of a 401. RFC 9728: where a client learns how to sign in, only for those who can: a mistyped key would
 * open a browser. RFC 6750: `invalid_token` unless none was sent. undefined for every other failure.
 */
export function signInChallenge(
  { kind, detail }: Failure,
  { resource, authorization }: Challenged,
  publicUrl: string,
): string | undefined {
  if (kind !== "unauthenticated") return undefined;
  if (detail.signIn !== true) return "Bearer";
  const isSent = authorization !== undefined && authorization !== "";
  const error = isSent ? `error="invalid_token", ` : "";
  return `Bearer ${error}resource_metadata="${metadataUrl(resource, publicUrl)}"`;
}

/** The scope that a call failed for, if its caller can be asked to grant it: by OAuth, since a key has what it has. */
export function scopeToGrant(
  { kind, detail }: Failure,
  { credential }: Pick<Principal, "credential">,
): string | undefined {
  return kind === "forbidden" && credential.kind === "oauth" ? detail.scope : undefined;
}

/** `WWW-Authenticate` of a 403, RFC 6750: the client asks its person for the scope and calls again. */
export function scopeChallenge(scope: string, resource: string, publicUrl: string): string {
  return `Bearer error="insufficient_scope", scope="${scope}", resource_metadata="${metadataUrl(resource, publicUrl)}"`;
}

function metadataUrl(resource: string, publicUrl: string): string {
  return `${publicUrl}/.well-known/oauth-protected-resource${resource}`;
}
