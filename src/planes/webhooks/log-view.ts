import { z } from "zod";
import { endings, type Ending, type Exchange } from "../../kernel/exchange.ts";

/** How an event stands: its ending, or that it has none yet. */
export const states = ["pending", ...endings] as const;

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
  verified: z.string().nullable(),
  error: z.string().nullable(),
  bytes: z.number(),
  untrusted: z.object({ path: z.string(), eventType: z.string().nullable(), detail: z.string().nullable() }),
});

const attemptKinds = {
  attempt: "delivery",
  test_attempt: "test",
  replay: "replay",
  ending: "delivery",
} as const;

export function lineOf(exchange: Exchange, ended: Ending | null): z.output<typeof LogLine> {
  const { id, number, kind, receivedAt, method, status, error, path, facts } = exchange;
  return {
    id,
    number: `#${number ?? 0}`,
    kind: kind === "test" || kind === "handshake" ? kind : "event",
    receivedAt: iso(receivedAt),
    method,
    answered: status,
    state: kind === "handshake" ? null : (ended ?? "pending"),
    verified: textOf(facts["verified"]),
    error,
    bytes: Number(facts["bytes"] ?? 0),
    untrusted: { path, eventType: textOf(facts["type"]), detail: textOf(facts["detail"]) },
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

function isAttempt(kind: string): kind is keyof typeof attemptKinds {
  return Object.hasOwn(attemptKinds, kind);
}

function textOf(fact: string | number | boolean | undefined): string | null {
  return fact === undefined ? null : String(fact);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
