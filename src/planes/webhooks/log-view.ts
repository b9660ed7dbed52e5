import { z } from "zod";
import { endings, type Ending, type Exchange } from "../../kernel/exchange.ts";
import { shownTarget } from "../../registry/redaction.ts";

/** How an event stands: its ending, or that it has none yet. */
export const states = ["pending", ...endings] as const;

/** What was made of a request's signature; `not verified` = the endpoint verifies nothing. */
export const verifications = ["verified", "not verified", "refused"] as const;

export const AttemptLine = z.object({
  attempt: z.int(),
  kind: z.enum(["delivery", "test", "replay"]),
  at: z.iso.datetime(),
  outcome: z.string(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  durationMs: z.number(),
  nextAttemptAt: z.iso.datetime().nullable(),
});

export const LogLine = z.object({
  id: z.string(),
  number: z.string().describe("Short form of the id, such as `#42`."),
  kind: z.enum(["event", "test", "handshake"]),
  receivedAt: z.iso.datetime(),
  method: z.string(),
  answered: z.int().nullable().describe("The status the sender was answered with."),
  state: z.enum(states).nullable().describe("null for handshakes, which are not delivered."),
  verification: z.enum(verifications).nullable().describe("null for handshakes."),
  error: z.string().nullable().describe("Why it was refused, or why its latest attempt failed."),
  bytes: z.number(),
  untrusted: z.object({ path: z.string(), eventType: z.string().nullable(), detail: z.string().nullable() }),
});

const attemptKinds = {
  attempt: "delivery",
  test_attempt: "test",
  replay: "replay",
  ending: "delivery",
} as const;

/** A root exchange as a line; `latest` is its latest attempt, where that is known. */
export function lineOf(
  exchange: Exchange,
  ended: Ending | null,
  latest?: Exchange,
): z.output<typeof LogLine> {
  const { id, number, kind, receivedAt, method, status, error, path, facts } = exchange;
  return {
    id,
    number: `#${number ?? 0}`,
    kind: kind === "test" || kind === "handshake" ? kind : "event",
    receivedAt: iso(receivedAt),
    method,
    answered: status,
    state: kind === "handshake" ? null : (ended ?? "pending"),
    verification: verificationOf(exchange),
    error: error ?? latest?.error ?? null,
    bytes: Number(facts["bytes"] ?? 0),
    untrusted: {
      path: shownTarget(path),
      eventType: textOf(facts["type"]),
      detail: textOf(facts["detail"]),
    },
  };
}

export function attemptOf(exchange: Exchange): z.output<typeof AttemptLine> {
  const { attempt, kind, startedAt, outcome, status, error, durationMs, facts } = exchange;
  const next = facts["nextAttemptAt"];
  return {
    attempt: attempt ?? 0,
    kind: isAttempt(kind) ? attemptKinds[kind] : "delivery",
    at: iso(startedAt),
    outcome,
    status,
    error,
    durationMs: Number(durationMs.toFixed(1)),
    nextAttemptAt: typeof next === "number" ? iso(next) : null,
  };
}

export function verificationOf({ kind, outcome, facts }: Exchange): (typeof verifications)[number] | null {
  if (kind === "handshake") return null;
  if (facts["verified"] === "true") return "verified";
  return outcome === "rejected" ? "refused" : "not verified";
}

/** How an event ended, when one of these attempts at it says so. */
export function endingAmong(attempts: readonly Exchange[]): Ending | null {
  return attempts.find(({ ending }) => ending !== null)?.ending ?? null;
}

/** When a replay last delivered it again, among its attempts. */
export function redeliveredAt(attempts: readonly Exchange[]): string | null {
  const last = attempts.findLast(({ kind, outcome }) => kind === "replay" && outcome === "delivered");
  return last === undefined ? null : iso(last.startedAt);
}

function isAttempt(kind: string): kind is keyof typeof attemptKinds {
  return Object.hasOwn(attemptKinds, kind);
}

function textOf(fact: string | number | boolean | undefined): string | null {
  return fact === undefined ? null : String(fact);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
