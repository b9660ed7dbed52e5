import { z } from "zod";
import { cursorOf, fitting, keyOf } from "../../../kernel/page.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { marker, markerTypes, MarkerView, markerView, type MarkerRow } from "../marker.ts";
import { placeInput, viewOf } from "../view.ts";
import { windowInput, windowOf } from "../window.ts";

const yearMs = 366 * 86_400_000;
const pageRows = 200;
const Key = z.object({ createdAt: z.int(), id: z.string().max(100) });

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
    const after = cursor === undefined ? undefined : keyOf(cursor, Key);
    const found = await firstOf(limit + 1, isSeen, after, context);
    const events = fitting(found.slice(0, limit).map(markerView));
    const last = found[events.length - 1];
    const more = found.length > events.length && last !== undefined;
    return {
      events: [...events],
      nextCursor: more ? cursorOf({ createdAt: last.createdAt, id: last.id }) : null,
    };
  },
});

/** The first so many of the markers that are seen, the latest made first. */
async function firstOf(
  count: number,
  isSeen: (row: MarkerRow) => boolean,
  begin: z.output<typeof Key> | undefined,
  { unit, signal }: Context,
): Promise<readonly MarkerRow[]> {
  const found: MarkerRow[] = [];
  for (let after = begin; !signal.aborted;) {
    const rows = await unit.find(marker, { limit: pageRows, ...(after && { after }) });
    found.push(...rows.filter(isSeen));
    if (found.length >= count || rows.length < pageRows) break;
    after = rows.at(-1);
  }
  return found.slice(0, count);
}

/** Markers of all environments, or of all buckets, are in each. */
export function isIn(
  marked: { readonly environment: string | null; readonly buckets: readonly string[] | null },
  view: { readonly environment: string | undefined; readonly buckets: readonly string[] | undefined },
): boolean {
  const environment =
    view.environment === undefined || (marked.environment ?? view.environment) === view.environment;
  return (
    environment &&
    (view.buckets === undefined || (marked.buckets?.some((it) => view.buckets?.includes(it)) ?? true))
  );
}
