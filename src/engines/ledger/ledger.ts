import type { Ending, Exchange, PlaneName } from "../../kernel/exchange.ts";
import type { Summary } from "../../kernel/summary.ts";

/**
 * The long read side of all exchanges. Rows never change; `redact` alone may replace what was said in them. The moment in an id is not
 * over a day before that at which its exchange began, nor before that in its parent's: `find` and others look no further.
 */
export type Ledger = {
  /**
   * Newest first by (startedAt, id). Without content unless `content` is set: then `request`/`response` are filled.
   *
   * @throws Failure too_large when a page's content exceeds 64 MiB; invalid for an `after` that is no key of a row, and
   * for a condition that is too large
   */
  find(query: Find): Promise<Found>;
  /** One exchange with its content, by id or by its short number in the workspace. */
  get(
    workspace: string,
    key: { readonly id: string } | { readonly number: number },
  ): Promise<Listed | undefined>;
  /** Which of these exchanges (at most 1,000; more is a RangeError) there are. */
  known(workspace: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * The attempts made for `parent`, which are the exchanges caused by it that have an attempt number, with content: the
   * newest `limit`, which is at most 1,000, oldest first by (startedAt, id). A duplicate is an event of its own.
   *
   * @throws Failure too_large when their content exceeds 64 MiB
   */
  children(workspace: string, parent: string, limit: number): Promise<readonly Exchange[]>;
  /**
   * The attempts made for each of the parents (at most 1,000; more is a RangeError), the newest 50 of each, without
   * content: all of them together, oldest first by (startedAt, id).
   */
  attemptsOf(workspace: string, parents: readonly string[]): Promise<readonly Exchange[]>;
  /**
   * Figures per group and time step, in no order; groups without exchanges are absent. Of all that is committed, how
   * far `roll` has come notwithstanding. What is answered from hours (`rolled-hours.ts` says what) has percentiles
   * within 1 %, durations up to 1 µs counting as 0; everything else is exact.
   *
   * @throws Failure too_large above 10,000 groups, or 100,000 combinations of group, status class and outcome; invalid
   * for a condition that is too large
   */
  measure(query: Measure): Promise<readonly Measured[]>;
  /**
   * Events by ending and cohort of receipt, and beside it how many have an open job: what accounting adds up, exact at
   * every moment and all of one moment, so that an event that ends meanwhile is counted once. An exchange that records the
   * ending of its parent has the subject and the `receivedAt` of its parent, and is not committed before it.
   */
  countStates(query: CountStates): Promise<readonly CountedState[]>;
  /**
   * Summaries added up, per time step and whatever `by` names, in no order; groups without calls are absent. Of all
   * that is committed, how far `roll` has come notwithstanding, and all of one moment. Counts and bytes are exact
   * up to 2^53 - 1 and stay at that beyond, percentiles within 1 %, durations up to 1 µs counting as 0. Of the many series that one interval may have had, the
   * last are of the route `(other)`.
   *
   * @throws RangeError when `from`, `to` or `stepMs` is no whole minute; Failure too_large above 10,000 steps or groups,
   * or 64 MiB of what is to be added up
   */
  sum(query: Sum): Promise<readonly Summed[]>;
  /**
   * Exchanges in commit order after a position, without content; 0 is the beginning. A position once returned never
   * has anything committed before it later. No rows mean that there is nothing more. `limit` is at most 1,000.
   */
  since(
    workspace: string,
    position: number,
    query: {
      readonly subjects?: readonly string[];
      readonly kinds?: readonly string[];
      readonly limit: number;
    },
  ): Promise<{ readonly rows: readonly Exchange[]; readonly position: number }>;
  /** The position after everything committed so far. */
  position(): Promise<number>;
  /**
   * Removes what is due, oldest first, up to `limit` exchanges of each workspace, sparing those whose event has an open
   * job (which states the event's `receivedAt`); returns how many in all. In chunks small enough not to delay commits. A
   * day in which nothing else is left, of no workspace, may go as a whole, whatever is left of `limit`. Summaries go with
   * them, by whole hours, up to `limit` intervals a call, and are not counted.
   */
  expire(due: readonly Due[], limit: number): Promise<number>;
  /**
   * Removes every exchange of one subject, up to `limit` a call; returns how many. Summaries, which have no content, stay.
   */
  purge(workspace: string, subject: string, limit: number): Promise<number>;
  /**
   * Replaces headers and the bytes of bodies of one exchange, and its host, path, error and facts where they are given;
   * its other columns stay, and of its bodies the size, the hash and whether they were truncated. False when it is
   * unknown. Nobody reads again what was replaced, and a later `seal` overwrites it wherever it is stored. Only a host,
   * path or error that several exchanges had may stay in the files, where none of them points to it.
   */
  redact(workspace: string, id: string, replace: (exchange: Exchange) => Redacted): Promise<boolean>;
  /**
   * Packs content that is still raw into compressed blocks; returns how many exchanges, at most `limit`. A few of the
   * newest may wait until there are enough for a block. Called when idle.
   */
  seal(limit: number): Promise<number>;
  /**
   * Adds up to `limit` exchanges, of all workspaces and in commit order, to the figures of their hours, and the summaries
   * of entries to their intervals; returns how many of both. Each is added once, whatever is cut short in between. Called
   * at intervals: it changes no answer, only how long long ranges take. Figures follow the exchanges: what `expire` and
   * `purge` remove is in no answer any more.
   */
  roll(limit: number): Promise<number>;
  close(): Promise<void>;
};

/** What takes the place of what was said in an exchange; of the optional members, what is left out stays. */
export type Redacted = Pick<Exchange, "request" | "response"> &
  Partial<Pick<Exchange, "host" | "path" | "error" | "facts">>;

/** Of the workspace is due what started before `before`. */
export type Due = { readonly workspace: string; readonly before: number };

export type Find = {
  readonly workspace: string;
  readonly where: Where;
  /** At most 1,000; more is a bug of the caller (RangeError). */
  readonly limit: number;
  /** Exclusive: continue below this row. */
  readonly after?: { readonly startedAt: number; readonly id: string };
  readonly content?: boolean;
};

/** Every given member must hold; a list means any of. */
export type Where = {
  readonly plane?: PlaneName;
  readonly subjects?: readonly string[];
  readonly kinds?: readonly string[];
  readonly outcomes?: readonly string[];
  /**
   * How the event ended. Matches the event (or test) itself, wherever its ending is recorded: on itself, or on an
   * attempt made for it, which has the same subject. A duplicate is an event of its own and records nothing for its
   * parent.
   */
  readonly endings?: readonly Ending[];
  readonly statuses?: readonly number[];
  readonly errors?: readonly string[];
  readonly environment?: string;
  readonly buckets?: readonly string[];
  /** Inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
  /** More of it, such as of a query that a person wrote; bounded, see `condition.ts`. */
  readonly condition?: Condition;
};

/**
 * What a row must be like, in full logic. A value that is missing fulfils nothing that is asked of it, and so the `not`
 * of that holds. Texts equal texts and numbers numbers; a fact that is true or false is the text of it.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly field: Field; readonly is: readonly (string | number)[] }
  /** Of numbers, both inclusive; with neither, any number. */
  | { readonly field: Field; readonly atLeast?: number; readonly atMost?: number }
  /** Of texts, case-sensitive: `*` stands for any characters, also none, and everything else for itself. */
  | { readonly field: Field; readonly like: string }
  | { readonly field: Field; readonly present: true };

export type TextField =
  | "method"
  | "host"
  | "path"
  | "route"
  | "trace"
  | "outcome"
  | "error"
  | "environment"
  | "bucket"
  | "kind";
export type NumberField = "status" | "durationMs";
export type Field = TextField | NumberField | `facts.${string}`;

export type Found = {
  readonly rows: readonly Listed[];
  /** Everything committed before this moment is in the answer. */
  readonly completeUntil: number;
};

/** An exchange with how its event ended (for an attempt, its parent's), null while that is open. */
export type Listed = Exchange & { readonly ended: Ending | null };

export type Measure = {
  readonly workspace: string;
  readonly where: Omit<Where, "endings">;
  /** Width of a time step in ms; absent = one step over everything. Steps start at multiples of it since the epoch. */
  readonly stepMs?: number;
  readonly bySubject: boolean;
};

export type Measured = {
  /** Start of the step; 0 when there are no steps. */
  readonly at: number;
  /** "" unless by subject. */
  readonly subject: string;
  readonly count: number;
  /** By status class: `1xx` to `5xx`, and `none` where there was no answer. Only classes that occur. */
  readonly classes: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Of durationMs, linear between ranks. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly lastAt: number;
};

export type Sum = {
  readonly workspace: string;
  readonly where: {
    readonly environment?: string;
    readonly buckets?: readonly string[];
    /** Start of a minute; inclusive. */
    readonly from: number;
    /** Start of a minute; exclusive. */
    readonly to: number;
  };
  /** Width of a time step in ms, whole minutes; absent = one step over everything. As in `Measure`. */
  readonly stepMs?: number;
  /** Without `route`, `method` and `only`, an answer takes a tenth of the time. */
  readonly by: readonly SumKey[];
  /** Which series count. */
  readonly only?: (series: CallSeries) => boolean;
};

/** `class`: hundreds of the status. */
export type SumKey = keyof SumKeys;
type SumKeys = CallSeries & { readonly class: number; readonly bucket: string; readonly environment: string };

/** What calls have in common; a `status` of 0 says that there was no answer. */
export type CallSeries = Pick<Summary, "method" | "route" | "status" | "outcome">;

/** With the keys asked by. */
export type Summed = Partial<SumKeys> & {
  /** Start of the step; 0 when there are no steps. */
  readonly at: number;
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The sum; `durationMs / count` is the mean. */
  readonly durationMs: number;
  readonly durations: Durations;
};

export type Durations = {
  /** In ms, linear between ranks. */
  percentile(percent: number): number;
};

export type CountStates = {
  readonly workspace: string;
  /** Of the event, not of the exchange that records its ending. */
  readonly kinds: readonly string[];
  readonly subjects?: readonly string[];
  /** Of receipt; inclusive. */
  readonly receivedFrom: number;
  /** Exclusive. */
  readonly receivedTo: number;
  /** Names of the jobs that keep an event open; none: open ones are not counted. */
  readonly jobs: readonly string[];
};

export type CountedState = {
  readonly subject: string;
  readonly state: Ending | "open";
  readonly count: number;
};
