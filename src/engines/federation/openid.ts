import {
  allowInsecureRequests,
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
  type ClientAuth,
  type Configuration,
} from "openid-client";
import { Failure } from "../../kernel/failure.ts";
import type { Federation, FederationNeeds, Vouched } from "./federation.ts";
import { providerFetch } from "./provider-fetch.ts";

/** What the provider says of itself is asked again after so long. Its keys openid-client keeps for minutes. */
const metadataMs = 3_600_000;
/** OpenID Connect Core allows no longer subject. */
const subjectCharactersMax = 255;
const nameCharactersMax = 100;
const causesMax = 5;

/** openid-client behind the interface. The provider is asked for its metadata when somebody first wants to sign in by it. */
export function openidFederation(needs: FederationNeeds): Federation {
  const { issuer, clock, log, redirectUri } = needs;
  let kept: { readonly provider: Configuration; readonly at: number } | undefined;
  let asked: Promise<Configuration> | undefined;

  async function provider(): Promise<Configuration> {
    if (kept !== undefined && clock.now() - kept.at < metadataMs) return kept.provider;
    asked ??= discovered(needs).finally(() => {
      asked = undefined;
    });
    try {
      kept = { provider: await asked, at: clock.now() };
      return kept.provider;
    } catch (error) {
      const failure = failureIn(error);
      if (failure === undefined) log(`the metadata of the OpenID provider is not usable: ${told(error)}`);
      // What it said before is as true as it was, and it may be back for what follows.
      if (kept !== undefined) return kept.provider;
      throw failure ?? notUsable();
    }
  }

  return {
    name: new URL(issuer).host,
    issuer,
    async depart() {
      const departure = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const to = buildAuthorizationUrl(await provider(), {
        redirect_uri: redirectUri(),
        scope: "openid email profile",
        state: departure.state,
        nonce: departure.nonce,
        code_challenge: await calculatePKCECodeChallenge(departure.verifier),
        code_challenge_method: "S256",
      });
      return { to: to.href, departure };
    },
    async arrive(query, { state, nonce, verifier }) {
      const by = await provider();
      try {
        const tokens = await authorizationCodeGrant(by, new URL(`${redirectUri()}?${query}`), {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) throw new Error("there is no id token");
        if (claims.sub.length > subjectCharactersMax) throw new Error("the subject is too long");
        // Many providers put into the token who it is, and tell the rest when asked.
        const complete = claims["email"] !== undefined && claims["email_verified"] !== undefined;
        const ask = !complete && by.serverMetadata().userinfo_endpoint !== undefined;
        const more = ask ? await fetchUserInfo(by, tokens.access_token, claims.sub) : {};
        return vouched(`${claims.iss} ${claims.sub}`, { ...claims, ...more });
      } catch (error) {
        throw failureIn(error) ?? refused(error, log);
      }
    },
  };
}

function discovered({ issuer, clientId, clientSecret, send, log }: FederationNeeds): Promise<Configuration> {
  const url = new URL(issuer);
  const secret = clientSecret.reveal();
  // Both are common, and providers that name none mean the first.
  const authenticate: ClientAuth = (provider, ...rest) => {
    const methods = provider.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const method = methods.includes("client_secret_basic") ? ClientSecretBasic : ClientSecretPost;
    method(secret)(provider, ...rest);
  };
  const loopback = url.protocol === "http:" ? [allowInsecureRequests] : [];
  return discovery(url, clientId, undefined, authenticate, {
    [customFetch]: providerFetch(send, log),
    execute: [enableNonRepudiationChecks, ...loopback],
  });
}

type Claims = {
  readonly [name: string]: unknown;
};

function vouched(id: string, { email, email_verified: verified, name }: Claims): Vouched {
  const said = verified === true || verified === "true";
  return {
    id,
    verifiedEmail: said && typeof email === "string" ? email : null,
    name: typeof name === "string" && name.trim() !== "" ? name.trim().slice(0, nameCharactersMax) : null,
  };
}

/** The failure that our own fetch threw, which openid-client wraps. */
function failureIn(error: unknown): Failure | undefined {
  let at = error;
  for (let n = 0; n < causesMax && at instanceof Error; n++) {
    if (at instanceof Failure) return at;
    at = at.cause;
  }
  return undefined;
}

function refused(error: unknown, log: (line: string) => void): Failure {
  if (error instanceof AuthorizationResponseError)
    return new Failure("unauthenticated", "The OpenID provider did not sign you in.", {
      hint: "Start again, or sign in otherwise.",
    });
  log(`an answer of the OpenID provider was not accepted: ${told(error)}`);
  return new Failure("unauthenticated", "The answer of the OpenID provider was not accepted.", {
    hint: "Start again. If that does not help, the log of the server says more.",
  });
}

/** Without what the answer held: only the provider's own word for what was wrong, such as `invalid_client`. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return "for an unknown reason";
  const word = wordOf(error) ?? "";
  return /^[\w.-]{1,60}$/.test(word) ? `${error.message} (${word})` : error.message;
}

function wordOf(error: Error): string | undefined {
  if (error instanceof ResponseBodyError) return error.error;
  return error instanceof WWWAuthenticateChallengeError ? error.cause[0]?.parameters.error : undefined;
}

function notUsable(): Failure {
  return new Failure("unavailable", "The OpenID provider cannot be used at the moment.", {
    hint: "Sign in with a password or a one-time link. The log of the server says what is wrong.",
  });
}
