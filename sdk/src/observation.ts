import { BodyTee, type Allowance } from "./body-tee.ts";
import { steadyMs, wallMs } from "./clock.ts";
import { recordId } from "./record-id.ts";

/**
 * What travels with a request through everything asynchronous it causes, and is all that does: it may be held for long by
 * a timer or a pooled connection, so that it refers to nothing large.
 */
export type Cause = {
  readonly id: string;
  /** The header `traceparent` as it came. */
  readonly traceparent: string;
  route: string | null;
  error: { readonly type: string; readonly message: string } | null;
};

export type Outcome = "answered" | "aborted" | "failed" | "blocked";

/** One exchange under way, as the main thread sees it. */
export type Observation = {
  readonly kind: "request" | "outbound";
  readonly cause: Cause;
  readonly parent: string;
  readonly startedAt: number;
  readonly startedSteady: number;
  readonly request: BodyTee;
  readonly response: BodyTee;
  ended: boolean;
};

/** What is known of an exchange once it is over. Headers are lines of name and value in turn, or the head as it was sent. */
export type Ending = {
  readonly method: string;
  readonly target: string;
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly outcome: Outcome;
  readonly ip: string;
  readonly requestHead: string;
  readonly responseHead: string;
};

export function observation(
  kind: Observation["kind"],
  { traceparent, parent, allowance }: { traceparent: string; parent: string; allowance: Allowance },
): Observation {
  const startedAt = wallMs();
  return {
    kind,
    cause: { id: recordId(startedAt), traceparent, route: null, error: null },
    parent,
    startedAt,
    startedSteady: steadyMs(),
    request: new BodyTee(allowance),
    response: new BodyTee(allowance),
    ended: false,
  };
}

/** Keeps what went wrong, by name and first words: an object could hold on to anything. */
export function noteError(cause: Cause, error: unknown): void {
  if (error instanceof Error)
    cause.error = { type: error.name, message: error.message.slice(0, errorCharactersMax) };
  else cause.error = { type: typeof error, message: String(error).slice(0, errorCharactersMax) };
}

const errorCharactersMax = 1_000;
