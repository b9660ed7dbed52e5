import type { Headers } from "../../kernel/exchange.ts";
import type { Secret } from "../../kernel/secret.ts";
import { textOf } from "./incoming.ts";
import type { Incoming, Reading } from "./incoming.ts";
import { isSymmetric } from "./scheme.ts";
import type { Scheme } from "./scheme.ts";
import { sign } from "./verification.ts";

/** A preset: everything that is particular to one sender of webhooks, as data. One file and one line in `providers.ts`. */
export type Provider = {
  /** kebab-case; what an endpoint stores. */
  readonly name: string;
  readonly title: string;
  /** Other names people use, lowercase letters and digits only. */
  readonly aliases: readonly string[];
  readonly scheme: Scheme;
  /** What tells two deliveries of one event from two events; null when the provider gives nothing of the kind. */
  readonly dedupeId: Reading | null;
  readonly eventType: Reading | null;
  readonly handshake: Handshake | null;
  /** A typical event under a fresh id, without what `sign` adds. */
  readonly sample: (id: string, nowMs: number) => Sample;
  readonly guide: Guide;
};

/** A request by which a provider makes sure that it talks to who registered the URL: answered, never an event. */
export type Handshake = {
  readonly method: "GET" | "POST";
  /** What tells it from an event. */
  readonly when: { readonly at: Reading; readonly equals: string };
  /** Where the verify token stands that its owner chose; absent when the provider knows no such token. */
  readonly token?: Reading;
  /** Where the text stands that is sent back. */
  readonly challenge: Reading;
};

export type Sample = { readonly headers: Headers; readonly body: unknown };

/** Texts may hold the placeholders `{ingestUrl}` and `{endpointId}`. How it is verified is told from the scheme. */
export type Guide = {
  /** In order; what to click, choose and copy. */
  readonly steps: readonly string[];
  /** Which secret it is and what it looks like. */
  readonly secret: string;
  readonly test: readonly string[];
  readonly mistakes: readonly string[];
};

/** The step that every guide needs. */
export const storeSecret =
  "Store the secret over the CLI or REST, never in a chat: `sluice set-endpoint-secret --endpoint-id {endpointId} --secret-file -` reads it from standard input.";

/** The mistake to warn of wherever the provider signs a timestamp: retries outlive it. */
export const staleAtTarget =
  "The target verifies the provider's signature again and refuses later retries, since its timestamp is then over 5 minutes old. Let the target verify the `sluice-signature` header instead, which is made anew for each attempt.";

export const eventTypeCharactersMax = 100;

/** The kind of event for lists, cut to 100 characters; the sender's word. */
export function eventTypeOf(provider: Provider, request: Incoming): string | undefined {
  if (provider.eventType === null) return undefined;
  return textOf(provider.eventType, request)?.slice(0, eventTypeCharactersMax) || undefined;
}

export type TestSend = {
  /** Becomes the event's own id at the provider, so that no test is the duplicate of another. */
  readonly id: string;
  readonly nowMs: number;
  /** The endpoint's public URL. */
  readonly url: string;
  /** Sent instead of the sample when given, as JSON. */
  readonly payload?: unknown;
};

/**
 * A test request as the provider would send it, signed with the endpoint's own secret by the scheme the endpoint
 * verifies with; unsigned when there is no scheme or no secret, or when the secret cannot sign (a public key).
 * @throws Failure invalid when the secret has not the form that the scheme asks for
 */
export function testRequest(
  sender: { readonly provider: Provider; readonly scheme: Scheme | null },
  secret: Secret | undefined,
  test: TestSend,
): { readonly method: "POST"; readonly headers: Headers; readonly body: Buffer } {
  const { provider, scheme } = sender;
  const sample = provider.sample(test.id, test.nowMs);
  const body = Buffer.from(JSON.stringify(test.payload === undefined ? sample.body : test.payload), "utf8");
  const headers: Headers = [
    ["content-type", "application/json"],
    ["user-agent", "Sluice-Test"],
    ...sample.headers,
  ];
  if (secret === undefined || scheme === null || !isSymmetric(scheme))
    return { method: "POST", headers, body };
  const message = { id: test.id, timestampMs: test.nowMs, body, method: "POST", url: test.url };
  return { method: "POST", headers: [...headers, ...sign(scheme, secret, message)], body };
}
