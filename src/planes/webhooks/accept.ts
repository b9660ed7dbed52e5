import type { Entry, Verdict } from "../../engines/traffic/traffic.ts";
import type { Headers, NewExchange } from "../../kernel/exchange.ts";
import { Failure } from "../../kernel/failure.ts";
import { newExchangeId } from "../../kernel/id.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Engines } from "../../registry/engines.ts";
import { dedupeIdOf } from "./dedupe.ts";
import { deliverJob, payloadOf, testJob, withheldOwner } from "./delivery.ts";
import { ingestUrl } from "./endpoint.ts";
import { incoming, type Incoming } from "./incoming.ts";
import type { LiveEndpoint } from "./live-endpoints.ts";
import { credentialHeaders, traceOf } from "./outgoing.ts";
import { eventTypeOf } from "./provider.ts";
import { secretHeadersOf, verify, type Unverified } from "./verification.ts";

/** A request as it arrived for an endpoint, its body whole. */
export type Arrival = {
  readonly endpoint: LiveEndpoint;
  readonly method: string;
  /** Query as received, with `?`, or "". */
  readonly query: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly remoteAddress: string;
  readonly receivedAt: number;
};

const dedupeMs = 24 * 3_600_000;
const commitWithinMs = 2_000;

/** The arrival as verification, handshakes and deduplication read it. */
export function readable({ endpoint, method, query, headers, body }: Arrival, publicUrl: string): Incoming {
  return incoming({ method, url: `${ingestUrl(publicUrl, endpoint.settings)}${query}`, headers, body });
}

/** Undefined when the endpoint verifies nothing or the signature fits; else why it does not. */
export function unverified(arrival: Arrival, request: Incoming): Unverified | undefined {
  const { endpoint, receivedAt } = arrival;
  if (endpoint.provider === undefined) return undefined;
  const verdict = verify(
    endpoint.provider.scheme,
    endpoint.verificationSecrets(receivedAt),
    request,
    receivedAt,
  );
  return verdict.ok ? undefined : verdict;
}

export type Acceptance = {
  readonly kind: "live" | "test";
  /** The queue's lane, usually the endpoint's id. */
  readonly lane: string;
  /** What the accepted event counts against; null for tests. */
  readonly quotaKey: string | null;
  readonly verified: "true" | "none";
};

/**
 * Makes an arrival durable as an event with its delivery job, in one commit. Answers the event's id and whether it
 * was a duplicate of one accepted within 24 h (then nothing is delivered).
 *
 * @throws Failure unavailable when it is not durable within 2 s
 */
export async function accept(
  arrival: Arrival,
  request: Incoming,
  acceptance: Acceptance,
  engines: Pick<Engines, "traffic" | "vault">,
): Promise<{ readonly id: string; readonly duplicate: boolean }> {
  const { endpoint, receivedAt, headers } = arrival;
  const { kind, lane, quotaKey, verified } = acceptance;
  const id = newExchangeId(receivedAt);
  const { shown, withheld } = credentialHeaders(headers, secretHeaders(endpoint));
  const sealed =
    withheld.length === 0
      ? undefined
      : engines.vault.seal(new Secret(JSON.stringify(withheld)), withheldOwner(endpoint.workspace, id));
  const dedupeId =
    kind === "live" && verified === "true" && endpoint.provider !== undefined
      ? dedupeIdOf(endpoint.provider, request)
      : undefined;
  const verdict = await withinTime(
    engines.traffic.journal.commit({
      exchanges: [eventOf(id, arrival, { kind, shown, verified, type: typeOf(endpoint, request) })],
      jobs: [
        {
          id,
          workspace: endpoint.workspace,
          name: kind === "test" ? testJob : deliverJob,
          payload: payloadOf({ withheld: sealed }),
          lane,
          key: null,
          dueAt: receivedAt,
          attempt: 0,
          exchange: id,
          receivedAt,
          subject: endpoint.id,
        },
      ],
      ...(dedupeId !== undefined && {
        unless: { key: `${endpoint.id}/${dedupeId}`, expiresAt: receivedAt + dedupeMs },
      }),
      ...(quotaKey !== null && { tally: [{ key: quotaKey, amount: 1 }] }),
    } satisfies Entry),
  );
  return { id, duplicate: verdict.kind === "duplicate" };
}

/** Headers that carry the endpoint's own secret in the clear. */
export function secretHeaders({ provider }: LiveEndpoint): readonly string[] {
  return provider === undefined ? [] : secretHeadersOf(provider.scheme);
}

function typeOf({ provider }: LiveEndpoint, request: Incoming): string | undefined {
  return provider && eventTypeOf(provider, request);
}

function eventOf(
  id: string,
  { endpoint, method, query, headers, body, remoteAddress, receivedAt }: Arrival,
  about: {
    readonly kind: "live" | "test";
    readonly shown: Headers;
    readonly verified: "true" | "none";
    readonly type: string | undefined;
  },
): NewExchange {
  const { settings, workspace } = endpoint;
  return {
    id,
    workspace,
    environment: settings.environment,
    bucket: settings.bucket,
    plane: "webhooks",
    kind: about.kind === "test" ? "test" : "event",
    subject: endpoint.id,
    parent: null,
    trace: traceOf(headers)?.trace ?? id.slice(3),
    startedAt: receivedAt,
    durationMs: 0,
    method,
    host: "",
    path: `/in/${settings.slug}${query}`,
    route: "/in/:endpoint",
    status: 200,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: null,
    receivedAt,
    facts: {
      verified: about.verified,
      bytes: body.length,
      from: remoteAddress,
      ...(about.type !== undefined && { type: about.type }),
    },
    request: { headers: about.shown, body: { bytes: body, size: body.length, sha256: "", truncated: false } },
    response: null,
  };
}

/** A plain timer, not an abortable sleep: this runs for every webhook. */
function withinTime(commit: Promise<Verdict>): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Failure("unavailable", "The event could not be stored in time.", { retryAfterMs: 5_000 }));
    }, commitWithinMs);
    const settled =
      <T>(settle: (value: T) => void) =>
      (value: T) => {
        clearTimeout(timer);
        settle(value);
      };
    commit.then(settled(resolve), settled(reject));
  });
}
