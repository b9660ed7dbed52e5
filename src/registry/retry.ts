/** Waits before each attempt, the first included, in milliseconds; their number is the number of attempts. */
export type Schedules = { readonly transient: readonly number[]; readonly clientError: readonly number[] };

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

export const defaultSchedules: Schedules = {
  // 70 h 43 min in all: longer than a weekend.
  transient: [
    0,
    5 * second,
    30 * second,
    2 * minute,
    10 * minute,
    30 * minute,
    hour,
    3 * hour,
    6 * hour,
    12 * hour,
    24 * hour,
    24 * hour,
  ],
  // Not dropped at once: a bad deploy of the target answers 404 and 401 too.
  clientError: [0, 30 * second, 10 * minute, hour, 6 * hour],
};

/** The default schedules cut to this many attempts. */
export function schedulesUpTo(attemptsMax: number): Schedules {
  const { transient, clientError } = defaultSchedules;
  return { transient: transient.slice(0, attemptsMax), clientError: clientError.slice(0, attemptsMax) };
}

/** Every wait is longer or shorter by up to this part of it. */
export const jitter = 0.2;
export const retryAfterMaxMs = 6 * hour;

/** What came of an attempt, as Outbound tells it. */
export type AttemptOutcome =
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "unreachable" }
  | { readonly kind: "refused" };

export type Attempted = {
  readonly outcome: AttemptOutcome;
  /** The attempt that was made, 1 for the first. */
  readonly attempt: number;
  /** The answer's Retry-After as received. */
  readonly retryAfter?: string | undefined;
  readonly nowMs: number;
  /** At least 0, less than 1. */
  readonly random: () => number;
};

export type Next =
  | { readonly kind: "delivered" }
  /** The target said 410: it wants no more, of anything. */
  | { readonly kind: "paused" }
  /** With `holdLaneUntil` nothing goes to this endpoint before then. */
  | { readonly kind: "retry"; readonly dueAt: number; readonly holdLaneUntil?: number }
  | { readonly kind: "exhausted"; readonly reason: FailureClass; readonly holdLaneUntil?: number };

/** `transient`: no answer, 408, 425, 429, 5xx. `client_error`: any other answer but 2xx, and a target that the guard refused. */
export type FailureClass = "transient" | "client_error";

/**
 * What becomes of a job after an attempt. The class of this failure decides by which schedule it goes on, whatever
 * the earlier ones were. Retry-After is honoured from the scheduled wait up to 6 hours; on 429 and 503 it holds
 * the endpoint's whole lane for as long.
 */
export function next(attempted: Attempted, schedules: Schedules = defaultSchedules): Next {
  const { outcome, attempt, nowMs } = attempted;
  const status = outcome.kind === "answered" ? outcome.status : 0;
  if (status >= 200 && status <= 299) return { kind: "delivered" };
  if (status === 410) return { kind: "paused" };

  const askedMs = Math.min(parseRetryAfter(attempted.retryAfter, nowMs) ?? 0, retryAfterMaxMs);
  const holds = askedMs > 0 && (status === 429 || status === 503);
  const hold = holds ? { holdLaneUntil: nowMs + askedMs } : {};

  const reason = classOf(outcome);
  const schedule = reason === "transient" ? schedules.transient : schedules.clientError;
  const waitMs = schedule[attempt];
  if (waitMs === undefined) return { kind: "exhausted", reason, ...hold };
  const scheduledMs = Math.round(waitMs * (1 - jitter + 2 * jitter * attempted.random()));
  return { kind: "retry", dueAt: nowMs + Math.max(scheduledMs, askedMs), ...hold };
}

function classOf(outcome: AttemptOutcome): FailureClass {
  if (outcome.kind === "unreachable") return "transient";
  if (outcome.kind === "refused") return "client_error";
  return outcome.status >= 500 || [408, 425, 429].includes(outcome.status) ? "transient" : "client_error";
}

/** RFC 9110 10.2.3: seconds or an HTTP date, as milliseconds from now, at least 0; undefined when it is neither. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  const value = text?.trim() ?? "";
  if (/^\d{1,10}$/.test(value)) return Number(value) * second;
  // The three forms of an HTTP date all start with a day's name and end in a year or GMT.
  if (!/^[A-Za-z]{3,9},? [\w :-]{10,30}$/.test(value)) return undefined;
  const time = Date.parse(value.endsWith("GMT") ? value : `${value} GMT`);
  return Number.isNaN(time) ? undefined : Math.max(0, time - nowMs);
}
