import { z } from "zod";
import { newestFirst, pageOf } from "../../../registry/list-page.ts";
import { read } from "../../../registry/operation.ts";
import { marker, markerTypes, MarkerView, markerView, type MarkerRow } from "../marker.ts";
import { placeInput, viewOf, type View } from "../view.ts";
import { windowInput, windowOf } from "../window.ts";

const yearMs = 366 * 86_400_000;

export const listEvents = read({
  name: "list_events",
  title: "List events",
  does: "Lists markers such as deployments and incidents, the latest made first.",
  verb: "GET",
  path: "/events",
  scope: "traffic:read",
  rows: "events",
  input: z.object({
    type: z.enum(markerTypes).optional(),
    ...placeInput,
    ...windowInput,
    cursor: z.string().max(500).optional(),
    limit: z.int().min(1).max(50).default(20),
  }),
  output: z.object({ events: z.array(MarkerView), nextCursor: z.string().nullable() }),
  async run({ type, environment, bucket, cursor, limit, ...asked }, context) {
    const view = await viewOf(context, { environment, bucket });
    const { from, to } = windowOf(asked, context.now, yearMs);
    const isSeen = ({ value }: MarkerRow): boolean =>
      (type === undefined || value.type === type) &&
      value.startedAt < to &&
      (value.endedAt ?? value.startedAt) >= from &&
      isIn(value, view);
    const page = await pageOf({ cursor, limit }, newestFirst(context, marker, { isSeen }), (rows) =>
      rows.map((row) => markerView(row, view.seen)),
    );
    return { events: page.rows, nextCursor: page.nextCursor };
  },
});

/** Markers of all environments, or of all buckets, are in each. One of buckets that are all hidden is in none. */
export function isIn({ environment, buckets }: MarkerRow["value"], view: View): boolean {
  const within = view.environment === undefined || (environment ?? view.environment) === view.environment;
  const isAsked = (name: string): boolean =>
    (view.seen?.has(name) ?? true) && (view.buckets?.includes(name) ?? true);
  return within && (buckets?.some(isAsked) ?? true);
}
