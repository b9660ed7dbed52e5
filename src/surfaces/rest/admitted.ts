import { Failure } from "../../kernel/failure.ts";
import type { Principal } from "../../kernel/principal.ts";
import { scopeChallenge, scopeToGrant, signInChallenge } from "../../registry/challenge.ts";
import { credentialsOf, type Authenticate, type Credentials } from "../../registry/credentials.ts";
import type { Engines } from "../../registry/engines.ts";
import { apiRoot, type Asked } from "./answer.ts";

/** Who asks, and by what. */
export type Guest = { readonly credentials: Credentials; readonly principal: Principal };

type Door = { readonly authenticate: Authenticate; readonly engines: Pick<Engines, "settings"> };
type Call = Pick<Asked, "told"> & {
  readonly request: Request;
  /** What the listener says of the connection. */
  readonly from: unknown;
};

/** Does `work` for whoever asks, and tells whoever is refused how to sign in, or which scope to have granted. */
export async function admitted<A>(
  { authenticate, engines }: Door,
  { request, from, told }: Call,
  work: (guest: Guest) => Promise<A>,
): Promise<A> {
  const { publicUrl } = engines.settings;
  const credentials = credentialsOf((name) => request.headers.get(name) ?? undefined, {
    method: request.method,
    resource: apiRoot,
    remoteAddress: remoteAddressIn(from),
  });
  let principal: Principal | undefined;
  try {
    principal = await authenticate(credentials);
    return await work({ credentials, principal });
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const scope = principal === undefined ? undefined : scopeToGrant(failure, principal);
    const challenge =
      scope === undefined
        ? signInChallenge(failure, credentials, publicUrl)
        : scopeChallenge(scope, apiRoot, publicUrl);
    if (challenge !== undefined) told["www-authenticate"] = challenge;
    throw failure;
  }
}

/** "" when the app is asked without a listener. */
function remoteAddressIn(from: unknown): string {
  const known = typeof from === "object" && from !== null && "remoteAddress" in from;
  return known && typeof from.remoteAddress === "string" ? from.remoteAddress : "";
}
