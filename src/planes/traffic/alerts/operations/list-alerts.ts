import { z } from "zod";
import { endings } from "../../../../kernel/exchange.ts";
import type { Context } from "../../../../registry/context.ts";
import { newestFirst, nextCursor, pageInput, pageOf } from "../../../../registry/list-page.ts";
import { read } from "../../../../registry/operation.ts";
import { alert, type Alert, type AlertRow } from "../alert.ts";
import { mayKnow } from "../alert-of.ts";
import { alertView, AlertView } from "../alert-view.ts";
import { standingsOf, type Standing } from "../standings.ts";
import { FiguresView, figuresView } from "../figures.ts";
import { notificationKind, types } from "../notification.ts";

const dayMs = 24 * 3_600_000;
const notificationsMax = 1_000;
const moment = z.iso.datetime().nullable();

const State = z.enum(["firing", "ok", "paused", "unknown"]);

const Told = z.object({
  id: z.string(),
  type: z.enum(types),
  at: z.iso.datetime(),
  state: z.enum(["pending", ...endings]),
});

export const listAlerts = read({
  name: "list_alerts",
  title: "List alerts",
  does: "Lists alerts: how they stand, their last figures and notification.",
  verb: "GET",
  path: "/alerts",
  scope: "traffic:read",
  rows: "alerts",
  input: z.object(pageInput),
  output: z.object({
    alerts: z.array(
      AlertView.extend({
        state: State.describe("`unknown`: not looked at yet."),
        firedAt: moment.describe("Last."),
        resolvedAt: moment.describe("Last."),
        incident: z.string().nullable().describe("While it fires: a marker for compare_windows."),
        figures: FiguresView.nullable().describe("Last."),
        notification: Told.nullable().describe("The last one of a week."),
      }),
    ),
    nextCursor,
  }),
  async run(asked, context) {
    const source = newestFirst(context, alert, {
      isSeen: ({ value }) => mayKnow(context.principal, value),
    });
    const page = await pageOf(asked, source, (rows) => standingsShown(rows, context));
    return { alerts: page.rows, nextCursor: page.nextCursor };
  },
});

async function standingsShown(rows: readonly AlertRow[], context: Context) {
  const [standings, told] = await Promise.all([
    standingsOf(context, context.workspace),
    lastTold(
      context,
      rows.map(({ id }) => id),
    ),
  ]);
  return rows.map((row) => {
    const { id, value } = row;
    const standing = standings.get(id);
    return {
      ...alertView(row),
      state: stateOf(value, standing),
      firedAt: momentOf(standing?.firedAt),
      resolvedAt: momentOf(standing?.resolvedAt),
      incident: standing?.incident ?? null,
      figures: standing?.figures ? figuresView(standing.figures, value.watch) : null,
      notification: told.get(id) ?? null,
    };
  });
}

function stateOf({ isActive }: Alert, standing: Standing | undefined): z.output<typeof State> {
  if (!isActive) return "paused";
  if (standing === undefined) return "unknown";
  return standing.isFiring ? "firing" : "ok";
}

function momentOf(at: number | null | undefined): string | null {
  return at === null || at === undefined ? null : new Date(at).toISOString();
}

async function lastTold(
  { ledger, workspace, now }: Context,
  ids: readonly string[],
): Promise<ReadonlyMap<string, z.output<typeof Told>>> {
  if (ids.length === 0) return new Map();
  const { rows } = await ledger.find({
    workspace,
    where: { plane: "traffic", subjects: ids, kinds: [notificationKind], from: now - 7 * dayMs },
    limit: notificationsMax,
  });
  // The newest come first, and the last word is kept.
  return new Map(
    rows.toReversed().map(({ id, subject, startedAt, ended, facts }) => [
      subject,
      {
        id,
        type: Told.shape.type.parse(facts["type"]),
        at: new Date(startedAt).toISOString(),
        state: ended ?? ("pending" as const),
      },
    ]),
  );
}
