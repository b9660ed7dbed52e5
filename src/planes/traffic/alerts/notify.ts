import type { Outcome } from "../../../engines/outbound/outbound.ts";
import type { Job, Then } from "../../../engines/traffic/traffic.ts";
import type { Exchange, Headers, NewExchange } from "../../../kernel/exchange.ts";
import { newExchangeId } from "../../../kernel/id.ts";
import { answerOf, bodyKept, errorOf } from "../../../registry/attempted.ts";
import type { Engines } from "../../../registry/engines.ts";
import { persistently } from "../../../registry/persistently.ts";
import type { JobHandler } from "../../../registry/plane.ts";
import { secretOwner } from "../../../registry/resource.ts";
import { next, schedulesUpTo, type Next } from "../../../registry/retry.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { alert, signing, type AlertRow } from "./alert.ts";
import { attemptKind, notifyJob } from "./notification.ts";
import { signed } from "./signature.ts";

/** Over ten and a half hours; a test is tried once. */
const attemptsMax = 9;
const timeoutMs = 15_000;
const leaseMs = 60_000;
const answerBytesRead = 16 * 1024;
const answerBytesKept = 4 * 1024;

/** One attempt at one notification, recorded in the same commit as what becomes of it. */
export function notify(engines: Engines): JobHandler {
  const { store, traffic, ledger } = engines;
  return {
    name: notifyJob,
    leaseMs,
    async run(job, signal) {
      const [stored, notification] = await Promise.all([
        store.records.get(job.workspace, alert.kind, job.subject),
        traffic.recent.get(job.workspace, job.exchange),
      ]);
      if (notification === undefined) return end(job, [], engines);
      // Handed over by two processes at once, and done by the time the second came.
      const earlier = await ledger.children(job.workspace, job.exchange, attemptsMax);
      if (earlier.some(({ ending }) => ending !== null)) return end(job, [], engines);
      if (stored === undefined)
        return end(job, [attemptOf(job, notification, gone(engines.clock.now()))], engines);
      await attempt({ job, notification, signal, row: decodedRow(alert, stored) }, engines);
    },
  };
}

async function end(job: Job, exchanges: readonly NewExchange[], { traffic }: Engines): Promise<void> {
  const finish = { job: job.id, claim: job.claim, then: { kind: "done" } } as const;
  await traffic.journal.commit({ exchanges, jobs: [], finish });
}

type Work = {
  readonly job: Job;
  readonly notification: Exchange;
  readonly row: AlertRow;
  readonly signal: AbortSignal;
};

async function attempt({ job, notification, row, signal }: Work, engines: Engines): Promise<void> {
  const { outbound, traffic, clock } = engines;
  const body = notification.request.body?.bytes ?? new Uint8Array();
  const headers = headersOf({ job, notification, row, body }, engines);
  const { targetUrl } = row.value;
  const outcome = await outbound.send({
    method: "POST",
    url: targetUrl,
    headers,
    body,
    timeoutMs,
    readMax: answerBytesRead,
    signal,
  });
  if (signal.aborted) return traffic.queue.release(job.id, job.claim);
  const isTest = notification.facts["type"] === "alert.test";
  const decision = next(
    {
      ...answerOf(outcome),
      attempt: job.attempt + 1,
      nowMs: clock.now(),
      random: Math.random,
    },
    schedulesUpTo(isTest ? 1 : attemptsMax),
  );
  const recorded = attemptOf(job, notification, {
    ...resultOf(outcome, decision),
    host: new URL(targetUrl).host,
    headers,
  });
  const then: Then =
    decision.kind === "retry"
      ? { kind: "retry", dueAt: decision.dueAt, attempt: job.attempt + 1, payload: job.payload }
      : { kind: "done" };
  const finish = { job: job.id, claim: job.claim, then };
  await persistently(signal, () => traffic.journal.commit({ exchanges: [recorded], jobs: [], finish }));
}

function headersOf(
  {
    job,
    notification,
    row,
    body,
  }: Pick<Work, "job" | "notification" | "row"> & { readonly body: Uint8Array },
  { vault, clock }: Engines,
): Headers {
  const sealed = row.sealed[signing];
  if (sealed === undefined) throw new Error(`the alert ${row.id} has no secret`);
  const secret = vault.open(sealed, secretOwner(row.workspace, alert.kind, row.id, signing));
  return [
    ["content-type", "application/json"],
    ...signed(secret, { id: notification.id, body, now: clock.now() }),
    ["sluice-attempt", String(job.attempt + 1)],
    ...(notification.facts["type"] === "alert.test" ? ([["sluice-test", "true"]] as const) : []),
  ];
}

/** What an attempt came to, as it is recorded. */
type Result = Pick<
  NewExchange,
  "startedAt" | "durationMs" | "status" | "outcome" | "error" | "ending" | "facts" | "response"
> & { readonly host: string; readonly headers: Headers };

function resultOf(outcome: Outcome, decision: Next): Omit<Result, "host" | "headers"> {
  const { startedAt, totalMs } = outcome.timing;
  const isDelivered = decision.kind === "delivered";
  const ending = isDelivered ? "delivered" : "failed";
  return {
    startedAt,
    durationMs: totalMs,
    status: outcome.kind === "answered" ? outcome.status : null,
    outcome: ending,
    error: isDelivered ? null : errorOf(outcome),
    ending: decision.kind === "retry" ? null : ending,
    facts: {
      ...(decision.kind === "retry" && { nextAttemptAt: decision.dueAt }),
      ...(outcome.kind === "refused" && { detail: outcome.refusal.message }),
    },
    // Of its headers nothing is of use, and some may be secret.
    response:
      outcome.kind === "answered"
        ? { headers: [], body: bodyKept(outcome.body, outcome.truncated, answerBytesKept) }
        : null,
  };
}

/** The alert was deleted before it was told of. */
function gone(now: number): Result {
  return {
    startedAt: now,
    durationMs: 0,
    status: null,
    outcome: "failed",
    error: "alert_deleted",
    ending: "failed",
    facts: {},
    response: null,
    host: "",
    headers: [],
  };
}

function attemptOf(job: Job, notification: Exchange, { headers, ...result }: Result): NewExchange {
  const { workspace, environment, bucket, trace, receivedAt } = notification;
  return {
    id: newExchangeId(result.startedAt),
    workspace,
    environment,
    bucket,
    plane: "traffic",
    kind: attemptKind,
    subject: job.subject,
    parent: notification.id,
    trace,
    method: "POST",
    path: "",
    route: "",
    attempt: job.attempt + 1,
    receivedAt,
    request: { headers, body: null },
    ...result,
  };
}
