import { z } from "zod";
import type { Alert } from "./alert.ts";
import { Figures } from "./figures.ts";
import type { Judged } from "./judged.ts";
import { minuteMs } from "./minutes.ts";

/** Windows that ended up to so long before are looked at again, for what was counted late. */
export const lateMs = 5 * minuteMs;

/** How an alert stands. */
export const Course = z.object({
  isFiring: z.boolean(),
  /** How often it has fired. */
  fired: z.int(),
  /** Moments are ends of windows. */
  firedAt: z.int().nullable(),
  resolvedAt: z.int().nullable(),
  /** When it was last said that it fires. */
  toldAt: z.int().nullable(),
  /** While it fires: since when all is well. */
  wellSince: z.int().nullable(),
  /** Windows that ended up to then fire no more. */
  firesAfter: z.int(),
  /** The marker, while it fires. */
  incident: z.string().nullable(),
  /** Of the last window. */
  figures: Figures.nullable(),
});

export type Course = z.output<typeof Course>;

/** Of an alert that has not been looked at before: only windows that end after `at` make it fire. */
export function courseFrom(at: number): Course {
  return {
    isFiring: false,
    fired: 0,
    firedAt: null,
    resolvedAt: null,
    toldAt: null,
    wellSince: null,
    firesAfter: at,
    incident: null,
    figures: null,
  };
}

export type Step = {
  readonly course: Course;
  /** What there is to tell, and of which window; at most one thing at a time, however many windows there are. */
  readonly told: { readonly what: "fired" | "reminded" | "resolved"; readonly of: Judged } | null;
  /** The first window that made it fire. */
  readonly began: Judged | null;
};

/**
 * Goes on with windows in the order of their ends: those that ended since `seen`, and before them those of the last five
 * minutes again.
 */
export function nextStep(
  course: Course,
  judged: readonly Judged[],
  { seen, ...alert }: { readonly seen: number } & Pick<Alert, "resolveAfterMinutes" | "remindHours">,
): Step {
  const last = judged.at(-1);
  if (last === undefined) return { course, told: null, began: null };
  const current = { ...course, figures: last.figures };
  if (course.isFiring) return goOn(current, judged, { seen, ...alert });
  const over = judged.filter(
    ({ verdict, enough, figures }) => verdict === "over" && enough && figures.to > course.firesAfter,
  );
  const worst = over.at(-1);
  if (worst === undefined) return { course: current, told: null, began: null };
  const at = worst.figures.to;
  return {
    course: {
      ...current,
      isFiring: true,
      fired: course.fired + 1,
      firedAt: at,
      toldAt: last.figures.to,
      wellSince: wellSince(null, judged, at),
    },
    told: { what: "fired", of: worst },
    began: over[0] ?? null,
  };
}

function goOn(
  course: Course,
  judged: readonly Judged[],
  alert: { readonly seen: number } & Pick<Alert, "resolveAfterMinutes" | "remindHours">,
): Step {
  const last = judged.at(-1);
  if (last === undefined) return { course, told: null, began: null };
  const at = last.figures.to;
  const well = wellSince(course.wellSince, judged, alert.seen);
  const current = { ...course, wellSince: well };
  const isOver =
    last.verdict === "well" && well !== null && at - well >= alert.resolveAfterMinutes * minuteMs;
  if (isOver)
    return {
      course: { ...current, isFiring: false, resolvedAt: at, wellSince: null, firesAfter: at },
      told: { what: "resolved", of: last },
      began: null,
    };
  const isDue =
    alert.remindHours !== null &&
    well === null &&
    at - (course.toldAt ?? at) >= alert.remindHours * 60 * minuteMs;
  if (!isDue) return { course: current, told: null, began: null };
  return { course: { ...current, toldAt: at }, told: { what: "reminded", of: last }, began: null };
}

/** Of the windows that ended after `seen`, which one all is well since; where nothing can be told, as it was before. */
function wellSince(before: number | null, judged: readonly Judged[], seen: number): number | null {
  let since = before;
  for (const { verdict, figures } of judged) {
    if (figures.to <= seen) continue;
    if (verdict === "over") since = null;
    else if (verdict === "well") since ??= figures.to;
  }
  return since;
}
