import { z } from "zod";
import { cursorOf, fitting, keyOf } from "../../../kernel/page.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { marker, markerTypes, MarkerView, markerView } from "../marker.ts";
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
    let after = cursor === undefined ? undefined : keyOf(cursor, Key);
    const found: Awaited<ReturnType<typeof page>>[number][] = [];
    for (let more = true; more && found.length < limit && !context.signal.aborted;) {
      const rows = await page(context, after);
      more = rows.length === pageRows;
      for (const row of rows) {
        if (found.length === limit) {
          more = true;
          break;
        }
        after = { createdAt: row.createdAt, id: row.id };
        const { value } = row;
        const seen =
          (type === undefined || value.type === type) &&
          value.startedAt < to &&
          (value.endedAt ?? value.startedAt) >= from &&
          isIn(value, view);
        if (seen) found.push(row);
      }
      if (!more) after = undefined;
    }
    const events = fitting(found.map(markerView));
    const last = found[events.length - 1];
    if (events.length < found.length && last !== undefined)
      after = { createdAt: last.createdAt, id: last.id };
    return { events: [...events], nextCursor: after === undefined ? null : cursorOf(after) };
  },
});

function page({ unit }: Context, after: z.output<typeof Key> | undefined) {
  return unit.find(marker, { limit: pageRows, ...(after && { after }) });
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
