import { z } from "zod";
import type { Listed } from "../../../engines/ledger/ledger.ts";
import { fitting } from "../../../kernel/page.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { faulty, fingerprintOf, routeOf } from "../fault.ts";
import { lineOf, RequestLine } from "../request-view.ts";
import { cursorAfter, requestsInput, requestsOf, type Asked } from "../requests.ts";

/** Errors that are told apart, at most, when they are grouped. */
const groupedMax = 5_000;
const pageRows = 999;

const Group = z.object({
  fingerprint: z.string(),
  count: z.int(),
  firstAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
  status: z.int().nullable(),
  example: z.string().describe("The newest one's id."),
  untrusted: z.object({ method: z.string(), route: z.string(), error: z.string().nullable() }),
});

export const getErrors = read({
  name: "get_errors",
  title: "Get errors",
  does: "Lists captured requests answered 4xx or 5xx or failed without an answer, newest first; those that clients left are none. `group` counts alike ones instead.",
  verb: "GET",
  path: "/errors",
  scope: "traffic:read",
  rows: ["errors", "groups"],
  input: z.object({
    ...requestsInput,
    group: z.boolean().default(false).describe("By method, route, status and error."),
  }),
  output: z.object({
    errors: z.array(RequestLine),
    groups: z.array(Group),
    groupCount: z.int().describe("Of all groups, shown or not."),
    nextCursor: z.string().nullable(),
    cutShort: z.boolean().describe("true = older ones were not looked at."),
  }),
  async run({ group, ...asked }, context) {
    if (group) return { errors: [], ...(await grouped(asked, context)) };
    const page = await requestsOf(asked, context, faulty);
    const errors = fitting(page.rows.map(lineOf));
    const last = page.rows[errors.length - 1];
    const cut = errors.length < page.rows.length && last !== undefined;
    return {
      errors: [...errors],
      groups: [],
      groupCount: 0,
      nextCursor: cut ? cursorAfter(last) : page.nextCursor,
      cutShort: page.cutShort,
    };
  },
});

async function grouped(asked: Asked, context: Context) {
  const rows: Listed[] = [];
  let cursor = asked.cursor ?? null;
  do {
    const from = cursor === null ? {} : { cursor };
    const page = await requestsOf({ ...asked, ...from, limit: pageRows }, context, faulty);
    rows.push(...page.rows);
    cursor = page.nextCursor;
  } while (cursor !== null && rows.length < groupedMax && !context.signal.aborted);
  const groups = [...Map.groupBy(rows, fingerprintOf)]
    .map(([fingerprint, alike]) => groupOf(fingerprint, alike))
    .toSorted((a, b) => b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : 1));
  return {
    groups: [...fitting(groups.slice(0, asked.limit))],
    groupCount: groups.length,
    nextCursor: cursor,
    cutShort: cursor !== null,
  };
}

function groupOf(fingerprint: string, alike: readonly Listed[]): z.output<typeof Group> {
  const [newest] = alike;
  const oldest = alike.at(-1);
  if (newest === undefined || oldest === undefined) throw new Error("a group of nothing");
  return {
    fingerprint,
    count: alike.length,
    firstAt: new Date(oldest.startedAt).toISOString(),
    lastAt: new Date(newest.startedAt).toISOString(),
    status: newest.status,
    example: newest.id,
    untrusted: { method: newest.method, route: routeOf(newest), error: newest.error },
  };
}
