// What the story reads of each answer; there is more in them, and it is left out here.
import { z } from "zod";

const WouldChange = z.array(z.looseObject({}));
const Stats = z.object({ received: z.int(), delivered: z.int(), failed: z.int(), pending: z.int() });
const Attempt = z.object({
  attempt: z.int(),
  at: z.iso.datetime(),
  kind: z.string(),
  outcome: z.string(),
  status: z.int().nullable(),
  durationMs: z.number(),
  nextAttemptAt: z.iso.datetime().nullable(),
});
const Log = z.object({
  id: z.string(),
  number: z.string(),
  answered: z.int().nullable(),
  state: z.string().nullable(),
  verification: z.string().nullable(),
  error: z.string().nullable(),
  bytes: z.int(),
  untrusted: z.object({ eventType: z.string().nullable(), detail: z.string().nullable() }),
});

/** What the sender of a webhook is answered. */
export const Accepted = z.object({ ok: z.literal(true), id: z.string() });
export const Endpoint = z.object({
  id: z.string(),
  slug: z.string(),
  ingestUrl: z.url(),
  provider: z.string().nullable(),
  verification: z.string(),
});
export type Endpoint = z.output<typeof Endpoint>;

export const PlannedChange = z.object({ dryRun: z.literal(true), wouldChange: WouldChange });
export const EndpointList = z.object({
  endpoints: z.array(Endpoint.extend({ stats: Stats })),
  total: z.int(),
});
export const Rotated = z.object({ signingSecret: z.string() });
export const Waited = z.object({ found: z.boolean(), log: Log.nullable(), position: z.int() });
export const Logs = z.object({
  logs: z.array(Log.extend({ attempts: z.int(), lastAttempts: z.array(Attempt) })),
});
export const LogDetail = Log.extend({
  duplicateOf: z.string().nullable(),
  verification: z.string().nullable(),
  error: z.string().nullable(),
  attempts: z.array(
    Attempt.extend({ untrusted: z.object({ body: z.object({ text: z.string() }).nullable() }) }),
  ),
  replays: z.array(z.string()),
});
export const Test = z.object({
  state: z.string(),
  signed: z.boolean(),
  bytes: z.int(),
  attempt: Attempt.nullable(),
});
export const Replay = z.object({
  planId: z.string().nullable(),
  state: z.string(),
  selected: z.int(),
  delivered: z.int(),
  failed: z.int(),
  remaining: z.int(),
  next: z.string(),
});
export const Accounts = z.object({
  received: z.int(),
  delivered: z.int(),
  pending: z.int(),
  failed: z.int(),
  filtered: z.int(),
  duplicate: z.int(),
  rejected: z.int(),
  remainder: z.int(),
});
export const Dashboard = z.object({
  totals: Stats.extend({ rejected: z.int(), duplicates: z.int() }),
  topFailing: z.array(z.object({ slug: z.string() })),
});
export const Usage = z.object({
  events: z.object({ used: z.int(), left: z.int() }),
  endpoints: z.object({ used: z.int(), left: z.int() }),
});
