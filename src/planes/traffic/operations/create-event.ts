import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { PlaceName, requirePlace } from "../../../registry/environment.ts";
import type { Context } from "../../../registry/context.ts";
import { change } from "../../../registry/operation.ts";
import { environmentOf } from "../view.ts";
import { marker, markersMax, markerTypes, MarkerView, markerView } from "../marker.ts";

const moment = z.iso
  .datetime({ offset: true })
  .refine(
    (text) => Date.parse(text) >= Date.UTC(2000) && Date.parse(text) < Date.UTC(2100),
    "must lie in the years 2000 to 2099",
  );
const text = (max: number) => z.string().trim().min(1).max(max);

export const createEvent = change({
  name: "create_event",
  title: "Create an event",
  does: "Notes what happened beside the traffic, such as a deployment, so that before and after can be compared.",
  verb: "POST",
  path: "/events",
  scope: "markers:write",
  destructive: false,
  undoNone: null,
  input: z.object({
    type: z.enum(markerTypes),
    name: text(200),
    description: z.string().max(2_000).default(""),
    source: text(200).optional().describe("Such as `github-actions`."),
    version: text(100).optional(),
    startedAt: moment.optional(),
    endedAt: moment.optional(),
    environment: PlaceName.optional().describe("All if left out."),
    buckets: z.array(PlaceName).min(1).max(50).optional().describe("All if left out."),
  }),
  output: MarkerView,
  async run({ environment, buckets, startedAt, endedAt, source = null, version = null, ...rest }, context) {
    const at = startedAt === undefined ? context.now : Date.parse(startedAt);
    const end = endedAt === undefined ? null : Date.parse(endedAt);
    if (end !== null && end < at)
      throw new Failure("invalid", "It ends before it starts.", { pointer: "/endedAt" });
    const place = await placeOf(environment, buckets, context);
    context.unit.limit(marker, markersMax);
    const row = context.unit.create(marker, {
      ...rest,
      ...place,
      source,
      version,
      startedAt: at,
      endedAt: end,
    });
    return markerView(row, undefined);
  },
});

/** Where it happened: what is not said is all that the caller reaches; null = all there is. */
async function placeOf(
  asked: string | undefined,
  buckets: readonly string[] | undefined,
  { unit, principal }: Context,
): Promise<{ readonly environment: string | null; readonly buckets: string[] | null }> {
  const confined = principal.confines.buckets;
  const environment = environmentOf(principal, asked) ?? null;
  if (environment !== null) await requirePlace(unit, { environment });
  for (const [i, bucket] of (buckets ?? []).entries()) {
    if (confined !== undefined && !confined.includes(bucket))
      throw new Failure("forbidden", "This credential is confined to other buckets.", {
        pointer: `/buckets/${i}`,
        allowed: confined,
      });
    if (environment !== null) await requirePlace(unit, { environment, bucket }, `/buckets/${i}`);
  }
  const named = buckets ?? confined;
  return { environment, buckets: named === undefined ? null : [...named] };
}
