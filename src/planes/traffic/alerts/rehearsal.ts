import { z } from "zod";
import type { Context } from "../../../registry/context.ts";
import type { Alert } from "./alert.ts";
import { courseFrom, lateMs, nextStep } from "./course.ts";
import { FiguresView, figuresView } from "./figures.ts";
import { look, settledAt } from "./look.ts";
import { minuteMs, withPercentile } from "./minutes.ts";

const dayMs = 24 * 60 * minuteMs;
const shownMax = 20;

export const Rehearsal = z.object({
  times: z
    .int()
    .describe("How often it would have fired in the last 24 hours; a remainder is known of now alone."),
  moments: z
    .array(
      z.object({
        firedAt: z.iso.datetime(),
        resolvedAt: z.iso.datetime().nullable().describe("null = it would fire now."),
        figures: FiguresView,
      }),
    )
    .describe(`At most ${shownMax}, the latest first.`),
});

/** What the alert would have said in the last 24 hours, looked at minute by minute as it would have been. */
export async function rehearsed(alert: Alert, context: Context): Promise<z.output<typeof Rehearsal>> {
  const { workspace, now } = context;
  const to = settledAt(now);
  const from = alert.watch.kind === "remainder" ? to - minuteMs : to - dayMs;
  const judged = await look(workspace, alert, { ends: { from, to }, knownFrom: 0 }, context);
  const again = lateMs / minuteMs;
  const firings: { firedAt: number; resolvedAt: number | null; of: (typeof judged)[number] }[] = [];
  let course = courseFrom(from);
  for (const [n, { figures }] of judged.entries()) {
    const step = nextStep(course, judged.slice(Math.max(0, n - again), n + 1), {
      seen: figures.to - minuteMs,
      ...alert,
    });
    course = step.course;
    if (step.told?.what === "fired")
      firings.push({ firedAt: figures.to, resolvedAt: null, of: step.told.of });
    const last = firings.at(-1);
    if (step.told?.what === "resolved" && last !== undefined)
      firings[firings.length - 1] = { ...last, resolvedAt: figures.to };
  }
  const shown = firings.slice(-shownMax).toReversed();
  return {
    times: firings.length,
    moments: await Promise.all(
      shown.map(async ({ firedAt, resolvedAt, of }) => ({
        firedAt: new Date(firedAt).toISOString(),
        resolvedAt: resolvedAt === null ? null : new Date(resolvedAt).toISOString(),
        figures: figuresView(await withPercentile(workspace, alert, of.figures, context), alert.watch),
      })),
    ),
  };
}
