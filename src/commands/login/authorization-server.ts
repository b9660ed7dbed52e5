import { z } from "zod";
import type { Login } from "../../engines/logins/logins.ts";
import type { Client, ClientAnswer } from "../../engines/outbound/client.ts";
import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import { Secret } from "../../kernel/secret.ts";

/** The command line as every server knows it, without registering. */
const clientId = "sluice-cli";

const Metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  device_authorization_endpoint: z.string(),
  revocation_endpoint: z.string(),
});

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.number() });
const Refusal = z.object({ error: z.string(), error_description: z.string().default("") });
const Device = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.number(),
  interval: z.number().default(5),
});

export type DeviceAsked = z.output<typeof Device>;

/** What a server answers who asks for tokens. */
export type Issued =
  | { readonly kind: "issued"; readonly login: Login }
  /** `error` is a code of RFC 6749, 5.2 or RFC 8628, 3.5. */
  | { readonly kind: "refused"; readonly error: string; readonly description: string };

/** The authorization server of a Sluice server, as the command line asks it. Everything throws Failure unavailable. */
export type AuthorizationServer = {
  readonly issuer: string;
  /** Where a person approves: all there is is asked for, of which they choose. */
  approvalAddress(params: Readonly<Record<string, string>>): string;
  tokens(form: Readonly<Record<string, string>>): Promise<Issued>;
  device(): Promise<DeviceAsked>;
  /** Takes a token back; one that is not known is no error. */
  revoke(token: Secret): Promise<void>;
};

type Asking = { readonly url: string; readonly client: Pick<Client, "call">; readonly clock: Clock };

/**
 * @throws Failure invalid when there is none at the address, or the server is known by another: then its tokens and the
 * answers of browsers would be for that
 */
export async function authorizationServer({ url, client, clock }: Asking): Promise<AuthorizationServer> {
  const { status, json } = await client.call("GET", "/.well-known/oauth-authorization-server");
  const found = Metadata.safeParse(json);
  if (status !== 200 || !found.success)
    throw new Failure("invalid", `Nobody can log in at ${url}: it answered ${status}.`, {
      hint: "Check that --url is the address of a Sluice server.",
    });
  const { issuer, ...metadata } = found.data;
  if (issuer !== url)
    throw new Failure("invalid", `The server at ${url} says that it is ${issuer}.`, {
      hint: `Run it with --url ${issuer}, or set SLUICE_PUBLIC_URL of the server to where it is reached.`,
    });
  const resource = `${issuer}/api/v1`;

  function pathOf(endpoint: string): string {
    if (endpoint.startsWith(`${issuer}/`)) return endpoint.slice(issuer.length);
    throw new Failure("invalid", `The server at ${url} sends its clients elsewhere, to ${endpoint}.`);
  }

  function post(endpoint: string, form: Readonly<Record<string, string>>): Promise<ClientAnswer> {
    return client.call("POST", pathOf(endpoint), new URLSearchParams({ ...form, client_id: clientId }));
  }

  return {
    issuer,
    approvalAddress(params) {
      const all = { response_type: "code", client_id: clientId, resource, ...params };
      return `${issuer}${pathOf(metadata.authorization_endpoint)}?${new URLSearchParams(all).toString()}`;
    },
    async tokens(form) {
      const answer = await post(metadata.token_endpoint, { ...form, resource });
      const issued = Tokens.safeParse(answer.json);
      if (answer.status !== 200 || !issued.success) return { kind: "refused", ...refusalIn(answer) };
      const { access_token: access, refresh_token: refresh, expires_in: seconds } = issued.data;
      return {
        kind: "issued",
        login: {
          accessToken: new Secret(access),
          refreshToken: new Secret(refresh),
          expiresAt: clock.now() + seconds * 1_000,
        },
      };
    },
    async device() {
      const answer = await post(metadata.device_authorization_endpoint, { resource });
      const asked = Device.safeParse(answer.json);
      if (answer.status === 200 && asked.success) return asked.data;
      throw refused(refusalIn(answer));
    },
    async revoke(token) {
      const answer = await post(metadata.revocation_endpoint, { token: token.reveal() });
      if (answer.status !== 200) throw refused(refusalIn(answer));
    },
  };
}

type Refused = Omit<Extract<Issued, { readonly kind: "refused" }>, "kind">;

/** A refusal that nothing can be made of, as a failure. */
export function refused({ error, description }: Refused): Failure {
  const said = description === "" ? error : `${description} (${error})`;
  return new Failure("forbidden", `The server refused: ${said}.`, { hint: "Run `sluice login` again." });
}

/** @throws Failure limited or unavailable when the answer says nothing about what was asked */
function refusalIn({ status, json }: ClientAnswer): Refused {
  const said = Refusal.safeParse(json);
  if (status === 429)
    throw new Failure("limited", "The server takes no more logins from this address for now.", {
      hint: "Wait a minute, then try again.",
    });
  if (status >= 400 && status < 500 && said.success)
    return { error: said.data.error, description: said.data.error_description };
  throw new Failure("unavailable", `The server answered ${status} without saying why.`, {
    hint: "Try again, or look at the server's log.",
  });
}
