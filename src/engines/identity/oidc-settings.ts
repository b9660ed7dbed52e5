import { errors, interactionPolicy, type Configuration } from "oidc-provider";
import { accessTokenMs, idleDays, type IdentityNeeds } from "./identity.ts";
import { documentBytesMax, metadataFetch } from "./metadata-fetch.ts";
import { adapterOver, type Kept } from "./oidc-adapter.ts";
import type { OidcKeys } from "./oidc-keys.ts";
import type { CaughtPages } from "./oidc-pages.ts";
import { redirectProblem } from "./registration.ts";

export const base = "/oauth";
export const sessionCookie = "sluice_oauth";
export const interactionPath = `${base}/interaction/`;

const second = 1_000;
const minute = 60;
const hour = 60 * minute;
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

export function oidcConfiguration(
  needs: IdentityNeeds,
  kept: Kept,
  { keys, pages }: { readonly keys: OidcKeys; readonly pages: CaughtPages },
): Configuration {
  const issuer = needs.issuer();
  return {
    ...protocol(needs),
    adapter: adapterOver(kept),
    clients: needs.clients.map(({ id, name, redirectUris }) => ({
      client_id: id,
      client_name: name,
      redirect_uris: [...redirectUris],
      grant_types: ["authorization_code", "refresh_token", deviceGrant],
      token_endpoint_auth_method: "none",
    })),
    cookies: {
      keys: [keys.cookieKey],
      names: { session: sessionCookie, interaction: "sluice_oauth_ask", resume: "sluice_oauth_go_on" },
      long: { httpOnly: true, sameSite: "lax", signed: true, secure: issuer.startsWith("https:") },
      short: { httpOnly: true, sameSite: "lax", signed: true, secure: issuer.startsWith("https:") },
    },
    jwks: { keys: keys.jwks.keys },
    features: features(needs, pages),
    fetch: metadataFetch(needs.send),
    fetchResponseBodyLimits: { "client_id metadata document": documentBytesMax },
    renderError: pages.renderError,
    async findAccount(_ctx, accountId) {
      if (!(await needs.knows(accountId))) return undefined;
      return { accountId, claims: () => ({ sub: accountId }) };
    },
  };
}

function protocol({ resources }: IdentityNeeds): Configuration {
  const scopes = new Set(resources.flatMap((it) => it.scopes));
  return {
    scopes: ["openid", "offline_access", ...scopes],
    responseTypes: ["code"],
    pkce: { required: () => true },
    clientAuthMethods: ["none", "client_secret_basic", "client_secret_post"],
    enabledJWA: { idTokenSigningAlgValues: ["RS256"] },
    clientDefaults: { application_type: "native", grant_types: ["authorization_code", "refresh_token"] },
    allowOmittingSingleRegisteredRedirectUri: false,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: true,
    expiresWithSession: () => false,
    // A client that ends one token ends what it was granted; what keeps that (`oidc-adapter.ts`) knows the exception.
    revokeGrantPolicy: () => true,
    loadExistingGrant(ctx) {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId);
    },
    interactions: {
      policy: [decidedBy("login"), decidedBy("consent")],
      url: (_ctx, { uid }) => interactionPath + uid,
    },
    ttl: {
      AccessToken: accessTokenMs / second,
      AuthorizationCode: minute,
      DeviceCode: 10 * minute,
      IdToken: hour,
      Interaction: 30 * minute,
      RefreshToken: idleDays * 24 * hour,
      Session: hour,
    },
    routes: {
      authorization: `${base}/authorize`,
      token: `${base}/token`,
      registration: `${base}/register`,
      revocation: `${base}/revoke`,
      jwks: `${base}/jwks`,
      device_authorization: `${base}/device/authorize`,
      code_verification: `${base}/device`,
      end_session: `${base}/end`,
    },
    clientBasedCORS: (_ctx, origin, client) =>
      client.redirectUris?.some((uri) => URL.parse(uri)?.origin === origin) ?? false,
  };
}

function features(
  { resources, may, accepted, issuer }: IdentityNeeds,
  { device }: CaughtPages,
): NonNullable<Configuration["features"]> {
  const defaultResource = issuer() + (resources[0]?.path ?? "");
  // A document that is remembered is judged again, and was accepted before.
  const reading = new WeakSet<object>();
  return {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    revocation: { enabled: true },
    registration: { enabled: true, issueRegistrationAccessToken: false },
    deviceFlow: { enabled: true, charset: "base-20", mask: "****-****", ...device },
    clientIdMetadataDocument: {
      enabled: true,
      ack: "draft-02",
      async allowFetch(ctx) {
        reading.add(ctx);
        return may("document", ctx.ip);
      },
      allowClient(ctx, { clientId, clientName, redirectUris = [] }) {
        if (clientName === undefined || redirectUris.length === 0) return false;
        if (redirectProblem(redirectUris) !== undefined) return false;
        if (reading.has(ctx)) accepted({ id: clientId, name: clientName, from: "document" }, ctx.ip);
        return true;
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => defaultResource,
      getResourceServerInfo(ctx, resource) {
        const asked = ctx.oidc.params?.["resource"];
        const several = Array.isArray(asked) && asked.length > 1;
        const found = resources.find(({ path }) => resource === issuer() + path);
        if (several || found === undefined) throw new errors.InvalidTarget();
        return {
          scope: found.scopes.join(" "),
          audience: resource,
          accessTokenFormat: "opaque",
          accessTokenTTL: accessTokenMs / second,
        };
      },
    },
  };
}

/** A prompt that every request meets: nothing is granted unless a person decides it there and then. */
function decidedBy(name: "login" | "consent"): interactionPolicy.Prompt {
  const { Check, Prompt } = interactionPolicy;
  const error = `${name}_required`;
  const check = new Check("undecided", "a person has to decide", error, (ctx) =>
    ctx.oidc.result?.[name] === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  );
  return new Prompt({ name, requestable: true }, check);
}
