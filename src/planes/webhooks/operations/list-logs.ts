import { z } from "zod";
import type { Listed } from "../../../engines/ledger/ledger.ts";
import type { Ending, Exchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { cursorOf, fitting, keyOf, pageLimitMax } from "../../../kernel/page.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { deliverJob } from "../delivery.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { moment } from "../moment.ts";
import { AttemptLine, attemptOf, endingAmong, lineOf, LogLine, redeliveredAt, states } from "../log-view.ts";

const pageMax = 20;
const attemptsShown = 3;
const LogWithAttempts = LogLine.extend({
  attempts: z.int(),
  lastAttempts: z.array(AttemptLine),
  redeliveredAt: z.iso
    .datetime()
    .nullable()
    .describe("When a replay delivered it; its state stays as it ended."),
});
const Key = z.object({ startedAt: z.int(), id: z.string().regex(/^ex_[0-9a-f]{32}$/) });
type Key = z.output<typeof Key>;

export const listLogs = read({
  name: "list_logs",
  title: "List logs",
  does: "Lists an endpoint's recent requests, newest first, with the outcome of each delivery. Handshakes and tests are listed too.",
  verb: "GET",
  path: "/endpoints/:endpointId/logs",
  scope: "logs:read",
  rows: "logs",
  input: z.object({
    endpointId,
    page: z.int().min(1).max(pageMax).optional().describe("1 is the newest; use cursor to go further back."),
    cursor: z.string().max(500).optional().describe("nextCursor of the previous page."),
    limit: z
      .int()
      .min(1)
      .max(pageLimitMax, `at most ${pageLimitMax} logs come at a time; follow nextCursor for more`)
      .default(20),
    status: z.enum(states).optional().describe("Only events that stand so."),
    since: moment.optional().describe("Only what was received at or after this moment."),
  }),
  output: z.object({
    logs: z.array(LogWithAttempts),
    nextCursor: z.string().nullable(),
  }),
  async run({ endpointId: id, page, cursor, limit, status, since }, context) {
    if (page !== undefined && cursor !== undefined)
      throw new Failure("invalid", "Give page or cursor, not both.", {
        pointer: "/page",
        hint: "Start with page, or follow nextCursor.",
      });
    const { id: subject } = await endpointOf(context, id);
    const query = { subject, status, from: since === undefined ? undefined : Date.parse(since) };
    const after =
      cursor === undefined
        ? await endOfEarlier(context, query, ((page ?? 1) - 1) * limit)
        : keyOf(cursor, Key);
    if (after === "nothing more") return { logs: [], nextCursor: null };
    const rows = await rowsOf(context, { ...query, after, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    const attempts = await context.ledger.attemptsOf(
      context.workspace,
      shown.map((row) => row.id),
    );
    const byLog = Map.groupBy(attempts, ({ parent }) => parent ?? "");
    const told = shown
      .map((row) => ({ row, log: withAttempts(row, byLog.get(row.id) ?? []) }))
      // What was pending when it was found may have ended before its attempts were read.
      .filter(({ log }) => status === undefined || log.state === status);
    const logs = fitting(told.map(({ log }) => log));
    const isCut = logs.length < told.length;
    const last = isCut ? told[logs.length - 1]?.row : shown.at(-1);
    const more = (isCut || rows.length > limit) && last !== undefined;
    return {
      logs: [...logs],
      nextCursor: more ? cursorOf({ startedAt: last.startedAt, id: last.id }) : null,
    };
  },
});

/** Where the pages before the asked one end; undefined before the first row. */
async function endOfEarlier(
  context: Context,
  query: Omit<Query, "after" | "limit">,
  count: number,
): Promise<Key | undefined | "nothing more"> {
  if (count === 0) return undefined;
  const earlier = await rowsOf(context, { ...query, after: undefined, limit: count });
  const last = earlier.at(-1);
  return last === undefined || earlier.length < count ? "nothing more" : last;
}

type Query = {
  readonly subject: string;
  readonly status: (typeof states)[number] | undefined;
  readonly from: number | undefined;
  readonly after: Key | undefined;
  readonly limit: number;
};

async function rowsOf(context: Context, query: Query): Promise<readonly Listed[]> {
  const { subject, status, from, after, limit } = query;
  if (status === "pending") return pendingRows(context, query);
  const endings: readonly Ending[] | undefined = status === undefined ? undefined : [status];
  const kinds = status === undefined ? ["event", "test", "handshake"] : ["event"];
  const found = await context.ledger.find({
    workspace: context.workspace,
    where: {
      plane: "webhooks",
      subjects: [subject],
      kinds,
      ...(endings && { endings }),
      ...(from !== undefined && { from }),
    },
    limit,
    ...(after && { after }),
  });
  return found.rows;
}

/** Pending events are those with an open job, oldest first: what waits longest is what matters. */
async function pendingRows(
  { traffic, ledger, workspace }: Context,
  query: Query,
): Promise<readonly Listed[]> {
  const { subject, from, after, limit } = query;
  const open = await traffic.queue.open({
    workspace,
    names: [deliverJob],
    subjects: [subject],
    limit,
    ...(from !== undefined && { receivedFrom: from }),
    ...(after && { after: { receivedAt: after.startedAt, id: after.id } }),
  });
  const events = await Promise.all(open.map(({ exchange }) => ledger.get(workspace, { id: exchange })));
  return events.flatMap((event) => (event === undefined ? [] : [{ ...event, ended: null }]));
}

function withAttempts(row: Listed, attempts: readonly Exchange[]): z.output<typeof LogWithAttempts> {
  const made = attempts.filter(({ kind }) => kind !== "ending");
  return {
    ...lineOf(row, row.ended ?? endingAmong(attempts), made.at(-1)),
    redeliveredAt: redeliveredAt(made),
    attempts: made.length,
    lastAttempts: attempts.slice(-attemptsShown).map(attemptOf),
  };
}
