import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";

const first = Date.UTC(2000, 0, 1);
const last = Date.UTC(2100, 0, 1);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Points of a series. */
const pointsMax = 1_500;
const pointsWanted = 100;

/** Not as a pattern of the schema: every tool that takes a window would carry it. */
const form = /^(\d{1,4}[mhd]|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))$/;

const moment = z
  .string()
  .max(40)
  .refine(
    (text) => form.test(text),
    "a moment such as 2026-11-20T12:00:00Z, or how long ago, such as 15m, 24h or 7d",
  )
  .refine((text) => {
    const at = Date.parse(text);
    return /^\d{1,4}[mhd]$/.test(text) || !form.test(text) || (at >= first && at < last);
  }, "must lie in the years 2000 to 2099");

export const windowInput = {
  since: moment.optional().describe("ISO 8601 or ago: `1h`."),
  until: moment.optional(),
};

export const stepInput = {
  step: z
    .string()
    .max(10)
    .refine((text) => /^\d{1,3}[mhd]$/.test(text), "a number of minutes, hours or days, such as 5m, 1h or 1d")
    .optional()
    .describe("Such as `5m`."),
};

/** From inclusive, to exclusive, ms. */
export type Window = { readonly from: number; readonly to: number };

/** The window asked for; from `spanMs` ago when it has no beginning. @throws Failure invalid when it ends before it begins */
export function windowOf(
  asked: { readonly since?: string | undefined; readonly until?: string | undefined },
  now: number,
  spanMs: number,
): Window {
  const to = asked.until === undefined ? now + 1 : momentOf(asked.until, now);
  const from = asked.since === undefined ? to - spanMs : momentOf(asked.since, now);
  if (from >= to) throw new Failure("invalid", "The window ends before it begins.", { pointer: "/since" });
  return { from, to };
}

/** The whole minutes that a window touches: what is counted is counted by the minute. */
export function minutesOf({ from, to }: Window): Window {
  return { from: Math.floor(from / minuteMs) * minuteMs, to: Math.ceil(to / minuteMs) * minuteMs };
}

/** Minutes that divide hours and days, of which one is chosen. */
const steps = [1, 5, 10, 15, 30, 60, 180, 360, 720, 1_440].map((minutes) => minutes * minuteMs);

/** @throws Failure invalid for a step that makes too many points, or none */
export function stepOf(asked: string | undefined, { from, to }: Window): number {
  if (asked === undefined)
    return (
      steps.find((step) => (to - from) / step <= pointsWanted) ??
      dayMs * Math.ceil((to - from) / dayMs / pointsWanted)
    );
  const stepMs = spanOf(asked);
  if (stepMs === 0) throw new Failure("invalid", "A step of nothing leads nowhere.", { pointer: "/step" });
  if ((to - from) / stepMs > pointsMax)
    throw new Failure("invalid", `More than ${pointsMax} points.`, {
      pointer: "/step",
      hint: "Take a longer step or a shorter window.",
    });
  return stepMs;
}

/** A moment as `windowInput` takes it, in ms. */
export function momentOf(text: string, now: number): number {
  return /^\d{1,4}[mhd]$/.test(text) ? now - spanOf(text) : Date.parse(text);
}

const units: Readonly<Record<string, number>> = { m: minuteMs, h: hourMs, d: dayMs };

function spanOf(text: string): number {
  return Number(text.slice(0, -1)) * (units[text.slice(-1)] ?? 0);
}
