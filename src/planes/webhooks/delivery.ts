import { z } from "zod";
import type { NewJob } from "../../kernel/job.ts";
import type { NewExchange } from "../../kernel/exchange.ts";
import { exchangeTimeMs, newExchangeId } from "../../kernel/id.ts";
import { accounted } from "../../registry/accounting.ts";

/** Delivers an event: these open jobs are what accounting calls pending. */
export const deliverJob = accounted.jobs[0];
/** Delivers a test. */
export const testJob = "deliver_test";
/** Delivers an event again, outside its accounting. */
export const redeliverJob = "redeliver";

const Payload = z.strictObject({
  /** Credentials of the received headers, sealed; gone with the job. */
  withheld: z.string().optional(),
  /** The plan of a replay. */
  replay: z.string().optional(),
});

/** What a job delivers beside what every job says: its subject is the endpoint. */
export type Delivery = Readonly<z.output<typeof Payload>> & { readonly kind: "live" | "test" | "replay" };

const kinds: ReadonlyMap<string, Delivery["kind"]> = new Map([
  [deliverJob, "live"],
  [testJob, "test"],
  [redeliverJob, "replay"],
]);

/** Most events have nothing to say in their job's payload. */
const nothing = "{}";

/** @throws Error when it is no job of this plane */
export function deliveryOf({ name, payload }: Pick<NewJob, "name" | "payload">): Delivery {
  const kind = kinds.get(name);
  if (kind === undefined) throw new TypeError(`${name} delivers nothing.`);
  return payload === nothing ? { kind } : { kind, ...Payload.parse(JSON.parse(payload)) };
}

/** The payload of a job that delivers, to be read by `deliveryOf`. */
export function payloadOf(says: z.output<typeof Payload>): string {
  return says.withheld === undefined && says.replay === undefined ? nothing : JSON.stringify(says);
}

/** Kinds of exchange of this plane. `event` and `test` are roots; the others have one as their parent. */
export const kindOfAttempt = { live: "attempt", test: "test_attempt", replay: "replay" } as const;

/** Which context a job's sealed credentials belong to. */
export function withheldOwner(workspace: string, event: string): string {
  return `${workspace}/event/${event}/withheld`;
}

/** Ends an event that will not be attempted (again): deleted endpoint, expired body. */
export function endedWithout(job: NewJob, error: string, now: number): NewExchange {
  const { kind } = deliveryOf(job);
  return {
    id: newExchangeId(now),
    workspace: job.workspace,
    environment: "",
    bucket: "",
    plane: "webhooks",
    kind: kind === "test" ? "test_attempt" : kind === "replay" ? "replay" : "ending",
    subject: job.subject,
    parent: job.exchange,
    trace: null,
    startedAt: now,
    durationMs: 0,
    method: "",
    host: "",
    path: "",
    route: "",
    status: null,
    outcome: "failed",
    attempt: job.attempt,
    error,
    ending: kind === "replay" ? null : "failed",
    receivedAt: job.receivedAt,
    facts: {},
    request: { headers: [], body: null },
    response: null,
  };
}

/** The job that delivers an event again, in a replay's own lane. */
export function redelivery(
  event: { readonly id: string; readonly workspace: string; readonly subject: string },
  replay: { readonly id: string; readonly lane: string; readonly now: number },
): NewJob {
  return {
    id: `${replay.id}/${event.id}`,
    workspace: event.workspace,
    name: redeliverJob,
    payload: payloadOf({ replay: replay.id }),
    lane: replay.lane,
    key: null,
    dueAt: replay.now,
    attempt: 0,
    exchange: event.id,
    receivedAt: exchangeTimeMs(event.id) ?? replay.now,
    subject: event.subject,
  };
}
