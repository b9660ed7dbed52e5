import { createHash } from "node:crypto";
import fc from "fast-check";
import { endings, type Ending, type NewExchange } from "../../kernel/exchange.ts";
import type { Condition, Field, Where } from "./ledger.ts";
import { hourMs } from "./rolled-hours.ts";
import { sample } from "./samples.ts";

const first = 1_700_000_000_000;
const subjects = ["ep_a", "ep_b", "ep_c"];
const kinds = ["event", "attempt", "test"];
const traces = ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"];
const outcomes = ["accepted", "delivered", "failed", "duplicate"];
const statuses = [101, 200, 204, 302, 404, 500, 503];
const errors = ["timeout", "bad_signature"];
const methods = ["GET", "POST", "get"];
/** What means something to one database or another, and nothing here. */
const texts = [
  "",
  "a",
  "A",
  "/a/b",
  "/a_b",
  "/a%b",
  "/a?b",
  "/a[b]",
  "/a\\b",
  "/a*b",
  "'a'",
  "/é/😀",
  "200",
  "\n",
];
const factNames = ["size", "from", "a.b", 'quo"te', "é", "$[0]"];
const fact = fc.oneof(
  fc.constantFrom(...texts),
  fc.constantFrom(0, -0.5, 200, 2 ** 53 - 1, 1e21, 1e-7),
  fc.boolean(),
);
/** Times collide often on purpose: equal `startedAt` is where cursors go wrong. */
const closeTime = fc.nat(40).map((ms) => first + ms);
/** Two days, often at the edge of an hour: that is where hours go wrong. */
const firstHour = first - (first % hourMs);
export const farTime = fc
  .tuple(fc.nat(4 * 48), fc.constantFrom(-1, 0, 0, 0, 1))
  .map(([quarter, ms]) => firstHour + (quarter * hourMs) / 4 + ms);

type Drawn = Pick<
  NewExchange,
  | "environment"
  | "bucket"
  | "plane"
  | "subject"
  | "startedAt"
  | "durationMs"
  | "method"
  | "host"
  | "path"
  | "route"
  | "status"
  | "outcome"
  | "trace"
  | "error"
  | "facts"
>;

const drawnAt = (time: fc.Arbitrary<number>): fc.Arbitrary<Drawn> =>
  fc.record({
    environment: fc.constantFrom("production", "staging"),
    bucket: fc.constantFrom("default", "eu"),
    plane: fc.constantFrom("webhooks", "traffic"),
    subject: fc.constantFrom(...subjects),
    startedAt: time,
    durationMs: fc.nat(4_000).map((halves) => halves / 2),
    method: fc.constantFrom(...methods),
    host: fc.constantFrom(...texts),
    path: fc.constantFrom(...texts),
    route: fc.constantFrom(...texts),
    trace: fc.option(fc.constantFrom(...traces)),
    status: fc.option(fc.constantFrom(...statuses)),
    outcome: fc.constantFrom(...outcomes),
    error: fc.option(fc.constantFrom(...errors)),
    facts: fc.dictionary(fc.constantFrom(...factNames), fact, { maxKeys: 3, noNullPrototype: true }),
  });

/** An event or test with what it caused; it ends at most once, on itself or on its last attempt. */
type Family = {
  readonly kind: string;
  readonly root: Drawn;
  readonly duplicates: readonly Drawn[];
  readonly attempts: readonly Drawn[];
  readonly ending: Ending | null;
};

function familiesAt(time: fc.Arbitrary<number>): fc.Arbitrary<readonly Family[]> {
  const drawn = drawnAt(time);
  const family = fc.record({
    kind: fc.constantFrom("event", "event", "test"),
    root: drawn,
    duplicates: fc.array(drawn, { maxLength: 1 }),
    attempts: fc.array(drawn, { maxLength: 3 }),
    ending: fc.option(fc.constantFrom("delivered", "failed", "filtered", "rejected")),
  });
  return fc.array(family, { maxLength: 25 });
}

export const families = familiesAt(closeTime);
export const farFamilies = familiesAt(farTime);

/** The exchanges of the families; their ids are the workspace's own, and within a millisecond in no order. */
export function exchangesOf(workspace: string, all: readonly Family[]): NewExchange[] {
  return all.flatMap(({ kind, root, duplicates, attempts, ending }, i) => {
    const complete = (row: Drawn, id: string, more: Partial<NewExchange>): NewExchange => ({
      ...sample(workspace, row.startedAt),
      ...row,
      id: idOf(Math.max(root.startedAt, row.startedAt), `${workspace} ${i} ${id}`),
      receivedAt: root.startedAt,
      kind,
      ...more,
    });
    const event = complete(root, "root", { ending: attempts.length === 0 ? ending : null });
    const again = duplicates.map((row) =>
      complete(row, "again", { parent: event.id, receivedAt: row.startedAt, ending: "duplicate" }),
    );
    const children = attempts.map((row, n) =>
      complete(row, `attempt ${n}`, {
        kind: "attempt",
        subject: root.subject,
        parent: event.id,
        attempt: n + 1,
        ending: n === attempts.length - 1 ? ending : null,
      }),
    );
    return [event, ...again, ...children];
  });
}

/** A UUIDv7 of the millisecond. */
function idOf(at: number, text: string): string {
  const random = createHash("sha256").update(text).digest("hex");
  return `ex_${at.toString(16).padStart(12, "0")}7${random.slice(0, 19)}`;
}

const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const endingFilter = fc.record({ endings: some(endings) });
const filterAt = (time: fc.Arbitrary<number>): fc.Arbitrary<Where> =>
  fc.oneof(
    fc.record({ plane: fc.constantFrom("webhooks", "traffic") }),
    fc.record({ subjects: some(subjects) }),
    fc.record({ kinds: some(kinds) }),
    fc.record({ outcomes: some(outcomes) }),
    fc.record({ statuses: some(statuses) }),
    fc.record({ errors: some(errors) }),
    fc.record({ environment: fc.constantFrom("production", "staging") }),
    fc.record({ buckets: some(["default", "eu"]) }),
    fc.record({ condition }),
    fc.record({ from: time }),
    fc.record({ to: time }),
  );

const field: fc.Arbitrary<Field> = fc.constantFrom(
  "method",
  "host",
  "path",
  "route",
  "trace",
  "outcome",
  "error",
  "environment",
  "bucket",
  "kind",
  "status",
  "durationMs",
  ...factNames.map((name) => `facts.${name}` as const),
);
const value = fc.oneof(
  fc.constantFrom(...texts, ...traces, ...outcomes, ...errors, ...methods, ...kinds, "true", "\0"),
  fc.constantFrom(...statuses, 0, -0.5, 1e21, 2 ** 53 - 1, Infinity, 0.5),
);
/** A text, of which some became wildcards, or other characters that mean nothing. */
const pattern = fc
  .tuple(
    fc.constantFrom(...texts, ...traces),
    fc.array(fc.constantFrom("", "", "*", "?", "_", "%"), { maxLength: 6 }),
  )
  .map(([text, others]) => Array.from(text, (character, n) => others[n] || character).join(""))
  .chain((text) => fc.constantFrom(text, `*${text}`, `${text}*`, "*", `\0${text}`));
const bounds = fc.record(
  {
    atLeast: fc.constantFrom(0, 200, 404, 1_000.5, -Infinity),
    atMost: fc.constantFrom(0, 299, 500, 1_999.5, Infinity),
  },
  { requiredKeys: [] },
);

/** Conditions of a few terms within terms. */
export const condition: fc.Arbitrary<Condition> = fc.letrec<{ term: Condition; leaf: Condition }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("leaf"),
    fc.record({ not: tie("term") }),
    fc.record({ all: fc.array(tie("term"), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("term"), { maxLength: 3 }) }),
  ),
  leaf: fc.oneof(
    fc.record({ field, is: fc.array(value, { maxLength: 4 }) }),
    fc.record({ field, like: pattern }),
    fc.record({ field, present: fc.constant(true as const) }),
    fc.tuple(field, bounds).map(([of, within]) => ({ field: of, ...within })),
  ),
})).term;

/** Up to three filters: more would leave next to nothing to find. */
function wheresOf(filter: fc.Arbitrary<Where>): fc.Arbitrary<Where> {
  return fc
    .array(filter, { maxLength: 3 })
    .map((parts) => parts.reduce((all, part) => ({ ...all, ...part }), {}));
}

export const wheres = wheresOf(fc.oneof(endingFilter, filterAt(closeTime)));

export const wheresOfConditions: fc.Arbitrary<Where> = fc
  .tuple(wheres, condition)
  .map(([where, wanted]) => ({ ...where, condition: wanted }));

export const wheresOfEndings: fc.Arbitrary<Where> = fc
  .tuple(wheres, endingFilter)
  .map(([where, wanted]) => ({ ...where, ...wanted }));

export const steps = maybe(fc.constantFrom(1, 7, 1_000));
export const longSteps = maybe(fc.constantFrom(hourMs / 2, hourMs, 6 * hourMs, 24 * hourMs));

const cohortsAt = (time: fc.Arbitrary<number>) =>
  fc.record({
    kinds: fc.subarray(kinds, { minLength: 1 }),
    subjects: maybe(some(subjects)),
    receivedFrom: time,
    receivedTo: fc.oneof(time, fc.constant(Infinity)),
  });

export const cohorts = cohortsAt(closeTime);

/** A question for figures over hours or days, and one for the endings of as long. */
export const longQuestions = fc.record({
  where: wheresOf(filterAt(farTime)),
  stepMs: longSteps,
  bySubject: fc.boolean(),
  cohort: cohortsAt(farTime),
});

/** What may happen between two questions. Counts and limits are small, so that they end in the middle of things. */
export const happenings = fc.oneof(
  { weight: 4, arbitrary: fc.record({ commit: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ roll: fc.constantFrom(1, 7, 20, 1_000) }) },
  { weight: 1, arbitrary: fc.record({ expire: farTime, limit: fc.constantFrom(3, 1_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ purge: fc.constantFrom(...subjects), limit: fc.constantFrom(3, 1_000) }),
  },
);
