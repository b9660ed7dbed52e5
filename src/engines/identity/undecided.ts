import type { IncomingMessage, ServerResponse } from "node:http";
import { errors, type InteractionResults } from "oidc-provider";
import type Provider from "oidc-provider";
import { z } from "zod";
import type { Client, IdentityNeeds, Pending, Resource } from "./identity.ts";
import { interactionPath } from "./oidc-settings.ts";
import { partsOf } from "../../kernel/target.ts";

/** A request that waits for a person. */
export type Undecided = {
  readonly pending: Pending;
  /** Ends the wait; answers where to send the browser. */
  resume(result: InteractionResults): Promise<string>;
};

type NodeRequest = { readonly incoming: IncomingMessage; readonly response: ServerResponse };

const Params = z.looseObject({
  client_id: z.string(),
  redirect_uri: z.string().optional(),
  scope: z.string().default(""),
  // Never several: those are refused before anybody is asked.
  resource: z.union([z.string(), z.tuple([z.string()]).transform(([only]) => only)]),
});

/** What the cookies of a request to the page of an interaction name; undefined when they name none, or another one. */
export async function undecided(
  provider: Provider,
  { resources, clients, issuer }: Pick<IdentityNeeds, "resources" | "clients" | "issuer">,
  { incoming, response }: NodeRequest,
): Promise<Undecided | undefined> {
  const interaction = await interactionOf(provider, incoming, response);
  if (interaction === undefined || interaction.result !== undefined) return undefined;
  const { path: asking } = partsOf(incoming.url ?? "");
  if (asking !== interactionPath + interaction.uid) return undefined;
  const params = Params.parse(interaction.params);
  const found = await provider.Client.find(params.client_id);
  if (found === undefined) return undefined;
  const asked = new Set(params.scope.split(" "));
  const client = clientOf(found, clients);
  const resource = resources.find(({ path }) => params.resource === issuer() + path);
  return {
    pending: {
      id: interaction.uid,
      client,
      redirectUri: interaction.deviceCode === undefined ? (params.redirect_uri ?? null) : null,
      resource: params.resource,
      scopes: offered(client, resource).filter((scope) => asked.has(scope)),
    },
    resume: (result) =>
      provider.interactionResult(incoming, response, result, { mergeWithLastSubmission: false }),
  };
}

async function interactionOf(provider: Provider, incoming: IncomingMessage, response: ServerResponse) {
  try {
    return await provider.interactionDetails(incoming, response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

function offered({ from }: Client, resource: Resource | undefined): readonly string[] {
  const { scopes = [], reserved = [] } = resource ?? {};
  return from === "built-in" ? scopes : scopes.filter((scope) => !reserved.includes(scope));
}

function clientOf(
  { clientId: id, clientName, clientUri, redirectUris = [] }: Found,
  builtIn: IdentityNeeds["clients"],
): Client {
  const isBuiltIn = builtIn.some((it) => it.id === id);
  const from = isBuiltIn ? "built-in" : id.startsWith("https://") ? "document" : "registered";
  return { id, name: clientName ?? id, uri: clientUri ?? null, from, redirectUris };
}

type Found = {
  readonly clientId: string;
  readonly clientName?: string | undefined;
  readonly clientUri?: string | undefined;
  readonly redirectUris?: readonly string[] | undefined;
};
