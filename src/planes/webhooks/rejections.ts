import { hash } from "node:crypto";
import type { Body, NewExchange } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { Engines } from "../../registry/engines.ts";
import { redactedValue } from "../../registry/redaction.ts";
import { secretHeaders, type Arrival } from "./accept.ts";
import type { LiveEndpoint } from "./live-endpoints.ts";
import { credentialHeaders } from "./outgoing.ts";

const storedPerMinute = 10;
const bodyBytesKept = 4 * 1024;
const minuteMs = 60_000;

/** What was not accepted, and how it is to be remembered. */
export type NotAccepted = {
  readonly kind: "event" | "handshake";
  readonly status: number;
  readonly outcome: "rejected" | "answered" | "refused";
  readonly error: string | null;
  readonly detail: string;
};

export type Rejections = {
  /** Resolves once it is stored or tallied. `type` is the sender's word for the kind of event. */
  record(arrival: Arrival, notAccepted: NotAccepted, type?: () => string | undefined): Promise<void>;
};

/** Key prefix of an endpoint's rejections of one day that were counted but not stored, one key per minute. */
export function tallyPrefix(endpointId: string, at: number): string {
  return `rejected/${endpointId}/${new Date(at).toISOString().slice(0, 10)}/`;
}

/**
 * Remembers what was not accepted: rejections are all counted, and with handshakes at most 10 a minute and endpoint
 * are stored with their first 4 KiB, so that a flood of forgeries costs next to nothing.
 */
export function rejections({ traffic, clock }: Pick<Engines, "traffic" | "clock">): Rejections {
  let minute = 0;
  const stored = new Map<string, number>();
  return {
    async record(arrival, notAccepted, type) {
      const now = clock.now();
      const current = Math.floor(now / minuteMs);
      if (current !== minute) stored.clear();
      minute = current;
      const { id } = arrival.endpoint;
      const before = stored.get(id) ?? 0;
      if (before < storedPerMinute) {
        stored.set(id, before + 1);
        await traffic.journal.commit({ exchanges: [exchangeOf(arrival, notAccepted, type?.())], jobs: [] });
      } else if (notAccepted.kind === "event") {
        const key = `${tallyPrefix(id, arrival.receivedAt)}${Math.floor(arrival.receivedAt / minuteMs) * minuteMs}`;
        await traffic.journal.commit({ exchanges: [], jobs: [], tally: [{ key, amount: 1 }] });
      }
    },
  };
}

function exchangeOf(arrival: Arrival, notAccepted: NotAccepted, type: string | undefined): NewExchange {
  const { endpoint, method, query, headers, body, remoteAddress, receivedAt } = arrival;
  const { kind, status, outcome, error, detail } = notAccepted;
  const { settings, workspace } = endpoint;
  return {
    id: newExchangeId(receivedAt),
    workspace,
    environment: settings.environment,
    bucket: settings.bucket,
    plane: "webhooks",
    kind,
    subject: endpoint.id,
    parent: null,
    trace: null,
    startedAt: receivedAt,
    durationMs: 0,
    method,
    host: "",
    path: `/in/${settings.slug}${withoutVerifyToken(endpoint, query)}`,
    route: "/in/:endpoint",
    status,
    outcome,
    attempt: null,
    error,
    ending: kind === "event" ? "rejected" : null,
    receivedAt,
    facts: { bytes: body.length, from: remoteAddress, detail, ...(type !== undefined && { type }) },
    request: { headers: credentialHeaders(headers, secretHeaders(endpoint)).shown, body: keptOf(body) },
    response: null,
  };
}

/** The token of a handshake stands in the query, which is shown: it is not to be stored. */
function withoutVerifyToken({ provider }: LiveEndpoint, query: string): string {
  const token = provider?.handshake?.token;
  if (token === undefined || !("query" in token)) return query;
  return query.replaceAll(/([?&])([^=&]*)=[^&]*/g, (whole, before: string, name: string) =>
    new URLSearchParams(name).has(token.query) ? `${before}${name}=${redactedValue}` : whole,
  );
}

function keptOf(body: Buffer): Body | null {
  if (body.length === 0) return null;
  const truncated = body.length > bodyBytesKept;
  return {
    bytes: truncated ? Buffer.from(body.subarray(0, bodyBytesKept)) : body,
    size: body.length,
    sha256: truncated ? hash("sha256", body) : "",
    truncated,
  };
}
