/** Every expected way a call can fail. Surfaces translate the kind; nobody else does. */
export const kinds = {
  invalid: { status: 400, exitCode: 2, title: "Invalid input" },
  unauthenticated: { status: 401, exitCode: 3, title: "Not authenticated" },
  forbidden: { status: 403, exitCode: 3, title: "Not allowed" },
  quota_exceeded: { status: 403, exitCode: 6, title: "Plan limit reached" },
  not_found: { status: 404, exitCode: 4, title: "Not found" },
  method_not_allowed: { status: 405, exitCode: 2, title: "Method not allowed" },
  conflict: { status: 409, exitCode: 5, title: "Conflict" },
  too_large: { status: 413, exitCode: 2, title: "Too large" },
  unsupported_media: { status: 415, exitCode: 2, title: "Unsupported media type" },
  limited: { status: 429, exitCode: 6, title: "Too many requests" },
  unavailable: { status: 503, exitCode: 7, title: "Temporarily unavailable" },
} as const;

export type FailureKind = keyof typeof kinds;

export type FailureDetail = {
  /** JSON Pointer (RFC 6901) of the offending place in the input. */
  readonly pointer?: string;
  /** What would have been accepted there. */
  readonly allowed?: readonly string[] | string;
  /** What to do next, in one sentence, for a person or an agent. */
  readonly hint?: string;
  readonly retryAfterMs?: number;
  /** The scope that would have allowed it. */
  readonly scope?: string;
  /** A client that can sign in by OAuth does well to do so now, rather than to send again what it sent. */
  readonly signIn?: boolean;
  /** Every problem found, when there are several. */
  readonly problems?: readonly { readonly pointer: string; readonly message: string }[];
};

/** An expected failure: its message and detail are public. Anything else that is thrown is a bug. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly detail: FailureDetail;

  constructor(kind: FailureKind, message: string, detail: FailureDetail = {}) {
    super(message);
    this.name = "Failure";
    this.kind = kind;
    this.detail = detail;
  }
}
