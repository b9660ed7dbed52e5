import type { Condition, Listed, Where } from "../../../engines/ledger/ledger.ts";
import type { Context } from "../../../registry/context.ts";
import { attributesOf } from "./attributes.ts";
import type { Observed } from "./excess.ts";

const pageRows = 1_000;
/** Rows that are read of a question one by one. */
const wholeRowsMax = 20_000;
/** Short stretches of time that are read instead where there is more, spread over the whole of it. */
const stretches = 100;
const stretchRowsMax = 200;

/** What matches in a time, and what was read of it. */
export type Side = { readonly where: Where & Span; readonly sampled: Sampled };

type Span = { readonly from: number; readonly to: number };

export type Sampled = {
  /** Newest first, without their content. */
  readonly rows: readonly Listed[];
  /** The same ones, in the same order. */
  readonly observed: readonly Observed[];
  /** false = there was more: those observed stand for it by their weights. */
  readonly isWhole: boolean;
};

type Asking = Pick<Context, "ledger" | "workspace" | "signal">;

/** All that matches, or as much as stands for it. `count` is how many there are, where that is known. */
export async function sampleOf(
  context: Asking,
  where: Where & Span,
  count: number | undefined,
): Promise<Sampled> {
  const whole = (await areMany(context, where)) ? undefined : await wholeOf(context, where);
  if (whole !== undefined)
    return { rows: whole, observed: whole.map((row) => observedOf(row, 1)), isWhole: true };
  const span = where.to - where.from;
  const rows: Listed[] = [];
  let share = 0;
  for (let n = 0; n < stretches && !context.signal.aborted; n++) {
    // Begins anywhere within its part of the time, so that nothing periodic is met again and again.
    const partMs = span / stretches;
    const from = Math.floor(where.from + partMs * (n + Math.random() * 0.5));
    const to = Math.min(where.to, Math.ceil(from + partMs / 2));
    const page = await context.ledger.find({
      workspace: context.workspace,
      where: { ...where, from, to },
      limit: stretchRowsMax,
    });
    rows.push(...page.rows);
    const oldest = page.rows.at(-1);
    // Newest first: what was cut off is the older part of the stretch.
    const read =
      page.rows.length === stretchRowsMax && oldest !== undefined ? to - oldest.startedAt : to - from;
    share += Math.max(1, read) / span;
  }
  const own = rows.reduce((sum, row) => sum + weightOf(row), 0);
  const scale = count === undefined || own === 0 ? 1 / Math.max(share, Number.EPSILON) : count / own;
  const newestFirst = rows.toSorted((a, b) => b.startedAt - a.startedAt);
  return { rows: newestFirst, observed: newestFirst.map((row) => observedOf(row, scale)), isWhole: false };
}

/** Rows that are read with their content of a sample, and how many side by side. */
const contentRowsMax = 600;
const runRows = 30;

/** Some of the sampled with their content, in short runs spread evenly over them: at most 600. */
export async function contentOf(
  { ledger, workspace, signal }: Asking,
  { where, sampled: { rows } }: Side,
): Promise<readonly Listed[]> {
  const runs = Math.min(contentRowsMax, rows.length) / runRows;
  const found: Listed[] = [];
  for (let n = 0; n < runs && !signal.aborted; n++) {
    const before = rows[Math.floor((n * rows.length) / runs) - 1];
    const page = await ledger.find({
      workspace,
      where,
      limit: runRows,
      content: true,
      ...(before && { after: before }),
    });
    found.push(...page.rows);
  }
  return found;
}

/** Where that is known without reading them: it is, unless rows must be looked at to know which are meant. */
async function areMany({ ledger, workspace }: Asking, where: Where): Promise<boolean> {
  if (where.condition !== undefined) return false;
  const [all] = await ledger.measure({ workspace, where, bySubject: false });
  return (all?.count ?? 0) > wholeRowsMax;
}

/** undefined when there is more than is read one by one. */
async function wholeOf(
  { ledger, workspace, signal }: Asking,
  where: Where,
): Promise<readonly Listed[] | undefined> {
  const rows: Listed[] = [];
  let after: Listed | undefined;
  for (;;) {
    const page = await ledger.find({ workspace, where, limit: pageRows, ...(after && { after }) });
    rows.push(...page.rows);
    if (page.rows.length < pageRows || signal.aborted) return rows;
    if (rows.length >= wholeRowsMax) return undefined;
    after = page.rows.at(-1);
  }
}

function observedOf(row: Listed, scale: number): Observed {
  return { attributes: attributesOf(row), weight: weightOf(row) * scale };
}

/** How many requests it stands for by itself. */
export function weightOf({ facts }: Listed): number {
  return Number(facts["weight"] ?? 1);
}

/** Both of two conditions, where there are two. */
export function also(where: Where, condition: Condition): Where {
  return {
    ...where,
    condition: where.condition === undefined ? condition : { all: [where.condition, condition] },
  };
}
