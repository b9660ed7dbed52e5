/**
 * The header that says when to come back (RFC 9110, 10.2.3); none where that is not known. In whole seconds and at least
 * one, since 0 invites to ask again at once.
 */
export function retryAfter(ms: number | undefined): Readonly<Record<string, string>> {
  return ms === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(ms / 1_000))) };
}
