/** The planes there are, and those that are to come: also the names of toolsets. */
export const planeNames = ["account", "webhooks", "pipeline", "traffic", "models", "tools"] as const;
export type PlaneName = (typeof planeNames)[number];

/** How the thing that an exchange belongs to ended. An event has exactly one exchange that carries an ending. */
export const endings = ["delivered", "failed", "filtered", "duplicate", "rejected"] as const;
export type Ending = (typeof endings)[number];

/** Names as they came, order and duplicates kept. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** What was captured of a body: at most the cap of its plane; size and hash are always those of the whole. */
export type Body = {
  readonly bytes: Uint8Array;
  /** True size in bytes. */
  readonly size: number;
  /** SHA-256 of the whole body, hex; "" when it was not computed. */
  readonly sha256: string;
  readonly truncated: boolean;
};

export type Message = { readonly headers: Headers; readonly body: Body | null };

/** What one exchange can be told by without its content; the content is headers and bodies. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/**
 * One immutable row of the ledger: one exchange of messages in any plane. Content is capped; a null body was
 * never there or is referenced through `parent` (an attempt sends its event's body).
 */
export type Exchange = {
  /** `ex_` + UUIDv7 hex. */
  readonly id: string;
  /** Short number (`#42`), unique in the workspace, given at commit to every exchange that is no attempt. */
  readonly number: number | null;
  readonly workspace: string;
  readonly environment: string;
  readonly bucket: string;
  readonly plane: PlaneName;
  /** What kind of exchange it is in its plane, such as `event`, `attempt`, `test`. */
  readonly kind: string;
  /** What it is about, such as an endpoint's id. */
  readonly subject: string;
  /** The exchange that caused this one. */
  readonly parent: string | null;
  /** W3C trace id, 32 hex characters. */
  readonly trace: string | null;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly route: string;
  /** HTTP status of the answer; null when there was none. */
  readonly status: number | null;
  readonly outcome: string;
  /** 1 for the first attempt; null when the exchange is no attempt. */
  readonly attempt: number | null;
  /** A machine code such as `bad_signature`, `connect_refused`; null when nothing went wrong. */
  readonly error: string | null;
  /** How the event ended, on exactly one exchange of it; null on all others. */
  readonly ending: Ending | null;
  /** When the event that this exchange belongs to was received: the cohort it is accounted in. */
  readonly receivedAt: number;
  readonly facts: Facts;
  readonly request: Message;
  readonly response: Message | null;
};

/** An exchange as a plane hands it over: its number is given at commit. */
export type NewExchange = Omit<Exchange, "number">;
