import { z } from "zod";
import type { Outcome } from "../../../engines/outbound/outbound.ts";
import type { Entry, Job, Then } from "../../../engines/traffic/traffic.ts";
import type { Exchange, Headers, NewExchange } from "../../../kernel/exchange.ts";
import { newExchangeId } from "../../../kernel/id.ts";
import { answerOf, bodyKept, errorOf } from "../../../registry/attempted.ts";
import type { Engines } from "../../../registry/engines.ts";
import type { JobHandler } from "../../../registry/plane.ts";
import { secretHeaders } from "../accept.ts";
import { type Delivery, deliveryOf, endedWithout, kindOfAttempt, withheldOwner } from "../delivery.ts";
import type { LiveEndpoint, LiveEndpoints } from "../live-endpoints.ts";
import { credentialHeaders, outgoingHeaders, withCredentials, withoutCredentials } from "../outgoing.ts";
import { pauseEndpoint } from "../pause.ts";
import { persistently } from "../../../registry/persistently.ts";
import { next, schedulesUpTo, type Next } from "../../../registry/retry.ts";

const responseBytesRead = 256 * 1024;
const responseBytesKept = 64 * 1024;
const leaseMarginMs = 30_000;
const timeoutMaxMs = 120_000;
const pausedRecheckMs = 60_000;

const Withheld = z.array(z.tuple([z.int(), z.string()]));

/** One attempt at one delivery, recorded in the same commit as what becomes of it. */
export function deliver(name: string, endpoints: LiveEndpoints, engines: Engines): JobHandler {
  return {
    name,
    leaseMs: timeoutMaxMs + leaseMarginMs,
    async run(job, signal) {
      const delivery = deliveryOf(job);
      const endpoint = await endpoints.find(job.workspace, job.subject);
      if (endpoint === undefined) return giveUp(job, "endpoint_deleted", engines);
      if (!endpoint.settings.isActive && delivery.kind === "live") return putBack(job, engines);
      const event = await engines.traffic.recent.get(job.workspace, job.exchange);
      if (event === undefined) return giveUp(job, "expired", engines);
      await attempt({ job, delivery, endpoint, event, signal, engines });
    },
  };
}

type Work = {
  readonly job: Job;
  readonly delivery: Delivery;
  readonly endpoint: LiveEndpoint;
  readonly event: Exchange;
  readonly signal: AbortSignal;
  readonly engines: Engines;
};

async function attempt(work: Work): Promise<void> {
  const { job, delivery, endpoint, event, signal, engines } = work;
  const body = event.request.body?.bytes ?? new Uint8Array();
  const sent = headersOf(work, body);
  const outcome = await engines.outbound.send({
    method: event.method,
    url: urlOf(endpoint, event),
    headers: sent,
    body: body.length === 0 ? null : body,
    timeoutMs: endpoint.settings.timeoutSeconds * 1_000,
    readMax: responseBytesRead,
    signal,
  });
  if (signal.aborted) return engines.traffic.queue.release(job.id, job.claim);
  const decision = decide(work, outcome);
  const recorded = recordOf(work, sent, outcome, decision);
  // Before the job goes back to its lane, where it may be due at once.
  if (decision.kind !== "delivered") await persistently(signal, () => holdBack(work, decision));
  await persistently(signal, () =>
    engines.traffic.journal.commit({
      exchanges: [recorded],
      jobs: [],
      finish: { job: job.id, claim: job.claim, then: thenOf(work, decision) },
      ...tallyOf(delivery, recorded.outcome),
    }),
  );
}

function headersOf({ job, delivery, endpoint, event, engines }: Work, body: Uint8Array): Headers {
  const { verified } = event.facts;
  return outgoingHeaders(receivedHeaders(delivery, event, engines), {
    id: event.id,
    attempt: job.attempt + 1,
    receivedAtMs: event.receivedAt,
    verified: verified === "true" ? "true" : "none",
    provider: endpoint.settings.provider,
    kind: delivery.kind,
    trace: event.trace ?? event.id.slice(3),
    signing:
      endpoint.deliverySecret === undefined
        ? null
        : { secret: endpoint.deliverySecret, body, nowMs: engines.clock.now() },
  });
}

function receivedHeaders({ withheld, kind }: Delivery, event: Exchange, { vault }: Engines): Headers {
  const shown = event.request.headers;
  // Credentials are gone once the event has ended: a replay goes without those headers.
  if (kind === "replay") return withoutCredentials(shown);
  if (withheld === undefined) return shown;
  const opened = vault.open(withheld, withheldOwner(event.workspace, event.id)).reveal();
  return withCredentials(shown, Withheld.parse(JSON.parse(opened)));
}

/** The target with the query that the sender gave, after the target's own. */
function urlOf({ target }: LiveEndpoint, { path }: Exchange): string {
  const at = path.indexOf("?");
  if (at === -1 || at === path.length - 1) return target.href;
  const url = new URL(target);
  url.search = url.search === "" ? path.slice(at) : `${url.search}&${path.slice(at + 1)}`;
  return url.href;
}

function decide({ job, delivery, endpoint, engines }: Work, outcome: Outcome): Next {
  const retries = delivery.kind === "live" ? endpoint.settings.maxAttempts : 1;
  return next(
    {
      ...answerOf(outcome),
      attempt: job.attempt + 1,
      nowMs: engines.clock.now(),
      random: Math.random,
    },
    schedulesUpTo(retries),
  );
}

function thenOf({ job, delivery, engines }: Work, decision: Next): Then {
  const { payload } = job;
  const attempted = job.attempt + 1;
  if (decision.kind === "retry") return { kind: "retry", dueAt: decision.dueAt, attempt: attempted, payload };
  if (decision.kind === "paused" && delivery.kind === "live")
    return { kind: "retry", dueAt: engines.clock.now(), attempt: attempted, payload };
  return { kind: "done" };
}

function recordOf(work: Work, sent: Headers, outcome: Outcome, decision: Next): NewExchange {
  const { job, delivery, endpoint, event } = work;
  const delivered = decision.kind === "delivered";
  const ended = thenOf(work, decision).kind === "done" && delivery.kind !== "replay";
  const { timing } = outcome;
  return {
    id: newExchangeId(timing.startedAt),
    workspace: event.workspace,
    environment: event.environment,
    bucket: event.bucket,
    plane: "webhooks",
    kind: kindOfAttempt[delivery.kind],
    subject: endpoint.id,
    parent: event.id,
    trace: event.trace,
    startedAt: timing.startedAt,
    durationMs: timing.totalMs,
    method: event.method,
    host: endpoint.target.host,
    path: endpoint.target.pathname,
    route: "",
    status: outcome.kind === "answered" ? outcome.status : null,
    outcome: delivered ? "delivered" : "failed",
    attempt: job.attempt + 1,
    error: delivered ? null : errorOf(outcome),
    ending: ended ? (delivered ? "delivered" : "failed") : null,
    receivedAt: event.receivedAt,
    facts: factsOf(delivery, outcome, decision),
    request: { headers: credentialHeaders(sent, secretHeaders(endpoint)).shown, body: null },
    response:
      outcome.kind === "answered"
        ? {
            headers: credentialHeaders(outcome.headers).shown,
            body: bodyKept(outcome.body, outcome.truncated, responseBytesKept),
          }
        : null,
  };
}

function factsOf(delivery: Delivery, outcome: Outcome, decision: Next): Exchange["facts"] {
  const { address, firstByteMs } = outcome.timing;
  return {
    ...(address !== null && { address }),
    ...(firstByteMs !== null && { firstByteMs: Math.round(firstByteMs * 10) / 10 }),
    ...(decision.kind === "retry" && { nextAttemptAt: decision.dueAt }),
    ...(delivery.replay !== undefined && { replay: delivery.replay }),
    ...(outcome.kind === "refused" && { detail: outcome.refusal.message }),
    ...(outcome.kind === "unreachable" && { detail: outcome.message.slice(0, 500) }),
    ...(outcome.kind === "answered" && outcome.broken !== null && { broken: outcome.broken }),
  };
}

function tallyOf({ replay }: Delivery, outcome: string): Pick<Entry, "tally"> {
  return replay === undefined ? {} : { tally: [{ key: `replay/${replay}/${outcome}`, amount: 1 }] };
}

/** What the answer means for the endpoint's other work: 410 pauses it, Retry-After on 429 and 503 holds it. */
async function holdBack({ job, delivery, endpoint, engines }: Work, decision: Next): Promise<void> {
  if (decision.kind === "paused" && delivery.kind === "live") {
    await pauseEndpoint(endpoint, "The target answered 410 Gone: it wants no more webhooks.", engines);
  } else if ("holdLaneUntil" in decision && endpoint.settings.isActive) {
    // What waits over the quota shares its lane with other endpoints: only this one is held back.
    const lane = delivery.kind === "live" ? endpoint.id : job.lane;
    await engines.traffic.queue.hold(lane, decision.holdLaneUntil);
  }
}

async function giveUp(job: Job, error: string, { traffic, clock }: Engines): Promise<void> {
  const exchange = endedWithout(job, error, clock.now());
  await traffic.journal.commit({
    exchanges: [exchange],
    jobs: [],
    finish: { job: job.id, claim: job.claim, then: { kind: "done" } },
    ...tallyOf(deliveryOf(job), "failed"),
  });
}

/**
 * A job of an endpoint that was paused before its lane was held. The lane is held here too, and the job stays due, so that
 * it is delivered at once when the endpoint is resumed; not for good, since that may have happened meanwhile.
 */
async function putBack(job: Job, { traffic, clock }: Engines): Promise<void> {
  const now = clock.now();
  const then: Then = { kind: "retry", dueAt: now, attempt: job.attempt, payload: job.payload };
  await traffic.queue.hold(job.lane, now + pausedRecheckMs);
  await traffic.journal.commit({ exchanges: [], jobs: [], finish: { job: job.id, claim: job.claim, then } });
}
