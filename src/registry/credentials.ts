import type { Principal } from "../kernel/principal.ts";

/** What a request says of who sends it. Headers as received. */
export type Credentials = {
  readonly authorization: string | undefined;
  /** From a header of its own, so that such a token is never taken for a key. */
  readonly managementToken: string | undefined;
  readonly cookie: string | undefined;
  /** Of the session that the cookie names, from a header that no other site can send. */
  readonly csrf: string | undefined;
  /** Of the request, such as `GET`. */
  readonly method: string;
  /** Below the public address, such as `/mcp`: a token made out to another place is refused. */
  readonly resource: string;
  readonly remoteAddress: string;
  /** What the client calls itself (User-Agent), for "last used by". */
  readonly client: string | undefined;
};

/**
 * Who is asking.
 *
 * @throws Failure unauthenticated, saying which of missing, malformed, unknown, expired, revoked; limited after too many
 * failures from one address; unavailable when the credential cannot be looked up
 */
export type Authenticate = (credentials: Credentials) => Promise<Principal>;

/** The credentials of a request, read from its headers by lowercase name. */
export function credentialsOf(
  header: (name: string) => string | undefined,
  from: Pick<Credentials, "method" | "resource" | "remoteAddress">,
): Credentials {
  return {
    ...from,
    authorization: header("authorization"),
    managementToken: header("x-management-token"),
    cookie: header("cookie"),
    csrf: header("x-csrf-token"),
    client: header("user-agent"),
  };
}
