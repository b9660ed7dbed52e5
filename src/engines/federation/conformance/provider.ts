import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import Provider from "oidc-provider";
import { partsOf } from "../../../kernel/target.ts";

/** An OpenID provider of our own, on a port of this machine: oidc-provider, where whoever comes is signed in at once. */
export type TrialProvider = {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** Who is signed in next. */
  signsIn(person: TrialPerson): void;
  /** Changes what it answers, by path, from now on; undefined = as it is. */
  alters(alter: Alter | undefined): void;
  /** What it was asked, as paths. */
  readonly asked: string[];
  /** Refuses connections from now on. */
  stop(): Promise<void>;
  /** Takes connections again, at the same address. */
  restart(): Promise<void>;
};

export type TrialPerson = {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean | string;
  readonly name?: string;
};

type Answered = { readonly status: number; readonly text: string };
export type Alter = (path: string, answer: Answered) => Answered;

const client = { id: "sluice", secret: "EXAMPLE-of-a-client-secret" };

/** `redirectUri` is asked with the first request. */
export async function startProvider(redirectUri: () => string): Promise<TrialProvider> {
  const asked: string[] = [];
  let person: TrialPerson = { sub: "nobody" };
  let alter: Alter | undefined;
  let made: Provider | undefined;
  let handle: ReturnType<Provider["callback"]> | undefined;

  const server = createServer((request, response) => {
    const { path } = partsOf(request.url ?? "");
    asked.push(path);
    if (alter !== undefined) altering(response, path, alter);
    made ??= newProvider(issuer, redirectUri(), () => person);
    if (path.startsWith("/interaction/")) void signIn(made, { request, response }, person);
    else {
      handle ??= made.callback();
      void handle(request, response);
    }
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  const issuer = `http://127.0.0.1:${port}`;

  return {
    issuer,
    client,
    asked,
    signsIn(next) {
      person = next;
    },
    alters(next) {
      alter = next;
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
    restart: () => listen(port),
  };
}

function newProvider(issuer: string, redirectUri: string, person: () => TrialPerson): Provider {
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    cookies: { keys: ["EXAMPLE-of-a-cookie-key"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ ...person(), sub: id }) }),
    ttl: { Session: 60, Grant: 60, Interaction: 60, AccessToken: 60, IdToken: 60 },
  });
  provider.silent = true;
  return provider;
}

async function signIn(
  provider: Provider,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  { sub }: TrialPerson,
): Promise<void> {
  if (sub === "nobody") {
    await provider.interactionFinished(request, response, { error: "access_denied" });
    return;
  }
  const grant = new provider.Grant({ accountId: sub, clientId: client.id });
  grant.addOIDCScope("openid email profile");
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { login: { accountId: sub }, consent });
}

function altering(response: ServerResponse, path: string, alter: Alter): void {
  const end = response.end.bind(response);
  Object.assign(response, {
    end(chunk: string | Uint8Array = "") {
      const answered = { status: response.statusCode, text: Buffer.from(chunk).toString() };
      const { status, text } = alter(path, answered);
      response.statusCode = status;
      response.setHeader("content-length", Buffer.byteLength(text));
      return end(text);
    },
  });
}
