import { z } from "zod";
import { resource, type Row } from "../../registry/resource.ts";

export const markerTypes = ["deployment", "incident", "config_change", "scale", "custom"] as const;
/** Kept in a workspace; the oldest are to be deleted before more are made. */
export const markersMax = 20_000;

/** A note of what happened beside the traffic, such as a deployment. On the wire it is an event. */
export const marker = resource({
  kind: "marker",
  prefix: "mrk",
  shape: z.object({
    type: z.enum(markerTypes),
    name: z.string(),
    description: z.string(),
    source: z.string().nullable(),
    version: z.string().nullable(),
    startedAt: z.int(),
    endedAt: z.int().nullable(),
    /** null = all. */
    environment: z.string().nullable(),
    /** Names; null = all. */
    buckets: z.array(z.string()).nullable(),
  }),
  indexes: ({ environment }) => ({ seenIn: environment ?? "" }),
});

export type MarkerRow = Row<(typeof marker)["shape"]>;

export const MarkerView = z.object({
  id: z.string(),
  type: z.enum(markerTypes),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  environment: z.string().nullable().describe("null = all."),
  buckets: z.array(z.string()).nullable().describe("null = all."),
  untrusted: z.object({
    name: z.string(),
    description: z.string(),
    source: z.string().nullable(),
    version: z.string().nullable(),
  }),
});

/** For who sees these buckets, undefined = every one there is, and at least one of the marker's. */
export function markerView(
  { id, value }: MarkerRow,
  seen: ReadonlySet<string> | undefined,
): z.output<typeof MarkerView> {
  const { type, startedAt, endedAt, environment, buckets, name, description, source, version } = value;
  return {
    id,
    type,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
    environment,
    buckets: buckets?.filter((bucket) => seen?.has(bucket) ?? true) ?? null,
    untrusted: { name, description, source, version },
  };
}
