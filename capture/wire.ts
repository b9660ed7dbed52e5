/** What a capturing process and the server tell each other. All moments are ms since the epoch. */

export type HeaderPair = readonly [name: string, value: string];

/** Bytes as they were kept after redaction: as text where they are UTF-8, otherwise as base64. */
export type CapturedBody = ({ readonly text: string } | { readonly base64: string }) & {
  /** True size in bytes, of the whole before anything was cut or replaced. */
  readonly size: number;
  /** Hex, of the redacted bytes that were kept. */
  readonly sha256: string;
  readonly truncated: boolean;
};

export type CapturedMessage = {
  readonly headers: readonly HeaderPair[];
  readonly body: CapturedBody | null;
  /** True bytes of the body, whether it was kept or not. */
  readonly size: number;
};

/** How a request ended: with an answer, the client went away, no answer at all, or answered by a blocking rule. */
export type CapturedOutcome = "answered" | "aborted" | "failed" | "blocked";

export type CapturedRecord = {
  /** 32 hex digits, a UUIDv7 without dashes. A record that is sent twice is stored once. */
  readonly id: string;
  /** `outbound` is a call that was made while a request was handled. */
  readonly kind: "request" | "outbound";
  /** Id of the record that caused this one. */
  readonly parent: string | null;
  /** Trace id of W3C Trace Context, 32 hex digits. */
  readonly trace: string | null;
  readonly startedAt: number;
  readonly durationMs: number;
  /** In upper case. */
  readonly method: string;
  /** With the port, as the `Host` header has it. */
  readonly host: string;
  /** Path with query, redacted. */
  readonly target: string;
  /** The template that the framework knows, such as `/users/:id`. */
  readonly route: string | null;
  /** 100 to 599; null when there was no answer. */
  readonly status: number | null;
  readonly outcome: CapturedOutcome;
  /** The message is redacted and at most 1,000 characters long. */
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly ip: string | null;
  /** 1 divided by the probability that its payload was kept. */
  readonly weight: number;
  readonly request: CapturedMessage;
  readonly response: CapturedMessage | null;
};

/** Requests of one minute, route, method, status and outcome: exact, counted before exclusion and sampling. */
export type CapturedSummary = {
  /** Start of a minute. */
  readonly at: number;
  readonly method: string;
  /** The framework's template or else a typed path; `(other)` for what came after the first 500 of a minute. */
  readonly route: string;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly outcome: CapturedOutcome;
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Sum of all. */
  readonly durationMs: number;
  readonly durations: readonly (readonly [slot: number, count: number])[];
};

export type CapturedBatch = {
  /** 32 hex digits. A batch that is sent twice counts once. */
  readonly id: string;
  readonly agent: {
    readonly name: string;
    readonly version: string;
    readonly service: string;
    readonly instance: string;
  };
  readonly sentAt: number;
  /** Its summaries count its records, and the rules were applied to them; else the server does both. */
  readonly counted: boolean;
  readonly records: readonly CapturedRecord[];
  readonly summaries: readonly CapturedSummary[];
  /** What was lost since the last batch that was accepted, and how many records and summaries by reason. */
  readonly dropped: {
    readonly records: number;
    readonly summaries: number;
    readonly reasons: Readonly<Record<string, number>>;
  };
};

export type BatchReceipt = {
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: readonly { readonly index: number; readonly pointer: string; readonly message: string }[];
  /** Revision of the settings in force. */
  readonly settings: string;
};

export type CaptureSettings = {
  readonly revision: string;
  readonly environment: string;
  readonly bucket: string;
  /** Base64 of the 32 bytes that replacements are made with. */
  readonly tokenKey: string;
  readonly bodyBytesMax: number;
  readonly flushEveryMs: number;
  readonly payloadsPerMinuteMax: number;
  readonly redactions: readonly RedactionRule[];
  readonly exclusions: readonly ExclusionRule[];
  readonly samplings: readonly SamplingRule[];
  readonly blocks: readonly BlockRule[];
};

export const redactionPlaces = [
  "request.headers",
  "request.query",
  "request.path",
  "request.body",
  "response.headers",
  "response.body",
] as const;

export type RedactionPlace = (typeof redactionPlaces)[number];

export const detectorNames = [
  "card",
  "iban",
  "ssn",
  "email",
  "jwt",
  "key",
  "private_key",
  "bearer",
  "url_password",
  "random",
] as const;

export type DetectorName = (typeof detectorNames)[number];

export type RedactionMatch =
  | { readonly header: string }
  | { readonly field: string }
  | { readonly pattern: string }
  | { readonly detector: DetectorName };

export type RedactionRule = {
  readonly id: string;
  /** `^[a-z][a-z0-9_-]{0,29}$`; stands in what replaces a value. */
  readonly category: string;
  /** None means all. */
  readonly places: readonly RedactionPlace[];
  readonly match: RedactionMatch;
};

type Asked = {
  /** In any case. */
  readonly methods?: readonly string[];
  /** Glob over the path without the query: `*` stops at slashes, `**` does not. */
  readonly path?: string;
  /** Glob over the host in any case, with the port where the pattern names one. */
  readonly host?: string;
};

type Asker = {
  /** Glob, in any case. */
  readonly userAgent?: string;
  /** An address, or a range such as `10.0.0.0/8`. */
  readonly ip?: string;
  /** Present, or with a value that the glob matches. */
  readonly header?: { readonly name: string; readonly value?: string };
};

/** What is known of a request before it is handled. All that is given must hold; nothing given holds for all. */
export type RequestSelection = Asked & Asker;

export type Selection = RequestSelection & {
  /** Such as `404` and `5xx`. */
  readonly statuses?: readonly string[];
};

/** Not recorded, and counted in summaries all the same. */
export type ExclusionRule = { readonly id: string; readonly selection: Selection };

/** Of rules that match, the first holds. */
export type SamplingRule = {
  readonly id: string;
  readonly selection: Selection;
  /** Of payloads to keep, 0 to 1. */
  readonly rate: number;
  /** Statuses of 500 and above, and requests that failed, are always kept unless this is false. */
  readonly keepErrors?: boolean;
};

/** Answered before the handler runs. */
export type BlockRule = {
  readonly id: string;
  readonly selection: RequestSelection;
  /** 400 to 599; 403 unless given. */
  readonly status?: number;
  readonly message: string;
};
