import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { PlaceName, requirePlace } from "../../../registry/environment.ts";
import { change } from "../../../registry/operation.ts";
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
  does: "Notes what happened beside the traffic, such as a deployment or an incident, so that it can be compared before and after.",
  verb: "POST",
  path: "/events",
  scope: "markers:write",
  destructive: false,
  undoNone: null,
  input: z.object({
    type: z.enum(markerTypes),
    name: text(200),
    description: z.string().max(2_000).default(""),
    source: text(200).optional().describe("What tells of it, such as `github-actions`."),
    version: text(100).optional(),
    startedAt: moment.optional().describe("Now if left out."),
    endedAt: moment.optional(),
    environment: PlaceName.optional().describe("All if left out; a confined credential's own."),
    buckets: z
      .array(PlaceName)
      .min(1)
      .max(50)
      .optional()
      .describe("All that the credential reaches if left out."),
  }),
  output: MarkerView,
  async run({ environment: asked, buckets, startedAt, endedAt, source, version, ...rest }, context) {
    const { unit, principal, now } = context;
    const { environment: own, buckets: confined } = principal.confines;
    if (own !== undefined && asked !== undefined && asked !== own)
      throw new Failure("forbidden", `This credential is confined to the environment ${own}.`, {
        pointer: "/environment",
        allowed: [own],
      });
    const environment = own ?? asked ?? null;
    const strange = (buckets ?? []).findIndex((name) => confined !== undefined && !confined.includes(name));
    if (strange >= 0)
      throw new Failure("forbidden", "This credential is confined to other buckets.", {
        pointer: `/buckets/${strange}`,
        allowed: confined ?? [],
      });
    if (environment !== null) await requirePlace(unit, { environment });
    if (environment !== null)
      for (const [i, bucket] of (buckets ?? []).entries())
        await requirePlace(unit, { environment, bucket }, `/buckets/${i}`);
    const at = startedAt === undefined ? now : Date.parse(startedAt);
    const end = endedAt === undefined ? null : Date.parse(endedAt);
    if (end !== null && end < at)
      throw new Failure("invalid", "It ends before it starts.", { pointer: "/endedAt" });
    unit.limit(marker, markersMax);
    const row = unit.create(marker, {
      ...rest,
      source: source ?? null,
      version: version ?? null,
      startedAt: at,
      endedAt: end,
      environment,
      buckets: buckets ?? (confined === undefined ? null : [...confined]),
    });
    return markerView(row);
  },
});
