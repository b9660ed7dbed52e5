import type { BodyProblem, RawAnswer, RawRequest, RawRoute } from "../../engines/inbound/inbound.ts";
import { Failure } from "../../kernel/failure.ts";
import type { Engines } from "../../registry/engines.ts";
import { accept, readable, unverified, type Arrival } from "./accept.ts";
import { answerHandshake } from "./handshake.ts";
import type { Incoming } from "./incoming.ts";
import type { LiveEndpoint, LiveEndpoints } from "./live-endpoints.ts";
import { eventTypeOf } from "./provider.ts";
import type { Quota } from "./quota.ts";
import { rate } from "./rate.ts";
import { rejections, type Rejections } from "./rejections.ts";

const tokenLength = 22;
const unknownPerSecond = 50;
const eventMethods: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const json = { "content-type": "application/json" };

type Parts = { readonly engines: Engines; readonly quota: Quota; readonly rejected: Rejections };

/**
 * `/in/{slug}-{token}`: accepts webhooks. 200 only after event and delivery job are durable; 401 bad signature,
 * 404 unknown, 405, 408, 413, 429 with Retry-After, and 503 with Retry-After for whatever is our own fault.
 */
export function ingress(endpoints: LiveEndpoints, quota: Quota, engines: Engines): RawRoute {
  const parts: Parts = { engines, quota, rejected: rejections(engines) };
  const perEndpoint = rate(engines.settings.ingestRate, engines.clock);
  const unknown = rate(unknownPerSecond, engines.clock);
  return {
    prefix: "/in/",
    async handle(request) {
      const queryAt = request.target.indexOf("?");
      const path = queryAt === -1 ? request.target : request.target.slice(0, queryAt);
      const query = queryAt === -1 ? "" : request.target.slice(queryAt);
      const found =
        path.at(-tokenLength - 1) === "-" ? endpoints.byToken(path.slice(-tokenLength)) : undefined;
      const endpoint = found instanceof Promise ? await found : found;
      if (endpoint instanceof Failure) return unavailable(endpoint);
      if (endpoint === undefined) {
        const waitMs = unknown.take(request.remoteAddress);
        return waitMs > 0 ? tooMany(waitMs) : notFound;
      }
      const waitMs = perEndpoint.take(endpoint.id);
      try {
        if (waitMs > 0)
          return await refuse(headOf(request, endpoint, query), tooMany(waitMs), "limited", parts);
        return await receive(request, headOf(request, endpoint, query), parts);
      } catch (error) {
        if (error instanceof Failure && error.kind === "unavailable") return unavailable(error);
        throw error;
      }
    },
  };
}

type Head = Omit<Arrival, "body">;

function headOf(
  { method, headers, remoteAddress, receivedAt }: RawRequest,
  endpoint: LiveEndpoint,
  query: string,
): Head {
  return { endpoint, method, query, headers, remoteAddress, receivedAt };
}

async function receive(request: RawRequest, head: Head, parts: Parts): Promise<RawAnswer> {
  const { endpoint, method } = head;
  const handshakes = endpoint.provider?.handshake?.method === method;
  if (!eventMethods.has(method) && !handshakes) return refuse(head, notAllowed, "method_not_allowed", parts);
  const read = await request.body(endpoint.settings.bodyBytesMax);
  if (read.kind !== "whole") {
    const { record, ...answer } = bodyProblems[read.kind];
    return record ? refuse(head, answer, read.kind, parts) : answer;
  }
  const arrival: Arrival = { ...head, body: read.bytes };
  const incoming = readable(arrival, parts.engines.settings.publicUrl);
  return (
    (handshakes ? await shakeHands(arrival, incoming, parts) : undefined) ??
    receiveEvent(arrival, incoming, parts)
  );
}

/** Rejects a request whose body was not read. */
function refuse(head: Head, answer: RawAnswer, error: string, parts: Parts): Promise<RawAnswer> {
  return reject({ ...head, body: Buffer.alloc(0) }, { answer, error, detail: "" }, parts);
}

async function shakeHands(
  arrival: Arrival,
  incoming: Incoming,
  { rejected }: Parts,
): Promise<RawAnswer | undefined> {
  const { provider, verifyToken } = arrival.endpoint;
  const answer = provider && answerHandshake(provider, incoming, { verifyToken });
  if (answer === undefined) return undefined;
  const { status, headers, body, refused } = answer;
  await rejected.record(arrival, {
    kind: "handshake",
    status,
    outcome: refused === null ? "answered" : "refused",
    error: refused,
    detail: refused === null ? "The provider's challenge was answered." : body,
  });
  return { status, headers, body };
}

async function receiveEvent(arrival: Arrival, incoming: Incoming, parts: Parts): Promise<RawAnswer> {
  const { endpoint, receivedAt } = arrival;
  const { engines, quota } = parts;
  if (!eventMethods.has(arrival.method)) return refuse(arrival, notAllowed, "method_not_allowed", parts);
  const refusal = unverified(arrival, incoming);
  if (refusal !== undefined)
    return reject(
      arrival,
      { answer: badSignature, error: refusal.reason, detail: refusal.detail, incoming },
      parts,
    );
  const state = quota.state(endpoint.workspace, receivedAt);
  if (state === "hard") return reject(arrival, { answer: overQuota, error: "over_quota", detail: "" }, parts);
  const { id, duplicate } = await accept(
    arrival,
    incoming,
    {
      kind: "live",
      lane: state === "soft" ? await quota.overLane(endpoint.workspace) : endpoint.id,
      quotaKey: quota.key(endpoint.workspace, receivedAt),
      verified: endpoint.provider === undefined ? "none" : "true",
    },
    engines,
  );
  if (!duplicate) quota.count(endpoint.workspace, receivedAt);
  return {
    status: 200,
    headers: json,
    body: duplicate ? `{"ok":true,"id":"${id}","duplicate":true}` : `{"ok":true,"id":"${id}"}`,
  };
}

type Rejection = {
  readonly answer: RawAnswer;
  readonly error: string;
  readonly detail: string;
  /** The request, when there is enough of it to tell the kind of event. */
  readonly incoming?: Incoming;
};

async function reject(
  arrival: Arrival,
  { answer, error, detail, incoming }: Rejection,
  { rejected }: Parts,
): Promise<RawAnswer> {
  const { provider } = arrival.endpoint;
  const type = (): string | undefined => provider && incoming && eventTypeOf(provider, incoming);
  const about = { kind: "event", status: answer.status, outcome: "rejected", error, detail } as const;
  await rejected.record(arrival, about, type);
  return answer;
}

function answerOf(
  status: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): RawAnswer {
  return { status, headers: { ...json, ...headers }, body: JSON.stringify({ ok: false, error, message }) };
}

// One answer for unknown, deleted and mistyped addresses: nothing tells them apart.
const notFound = answerOf(404, "not_found", "No endpoint answers at this address.");
const notAllowed = answerOf(405, "method_not_allowed", "Send webhooks by POST, PUT, PATCH or DELETE.", {
  allow: [...eventMethods].join(", "),
});
const badSignature = answerOf(401, "bad_signature", "The signature of this request could not be verified.");
const overQuota = answerOf(429, "over_quota", "The workspace's monthly quota is used up.", {
  "retry-after": "3600",
});
const bodyProblems: Readonly<Record<BodyProblem, RawAnswer & { readonly record: boolean }>> = {
  too_large: {
    ...answerOf(413, "too_large", "The body is larger than this endpoint accepts."),
    record: true,
  },
  slow: { ...answerOf(408, "slow", "The body did not arrive in time."), record: true },
  broken: { ...answerOf(400, "broken", "The body does not have the declared length."), record: false },
  busy: {
    ...answerOf(503, "busy", "Too many bodies are arriving at once.", { "retry-after": "1" }),
    record: false,
  },
};

function tooMany(waitMs: number): RawAnswer {
  return answerOf(429, "limited", "Too many requests.", { "retry-after": String(Math.ceil(waitMs / 1_000)) });
}

function unavailable({ detail }: Failure): RawAnswer {
  const seconds = Math.ceil((detail.retryAfterMs ?? 5_000) / 1_000);
  return answerOf(503, "unavailable", "The webhook could not be stored. Send it again.", {
    "retry-after": String(seconds),
  });
}
