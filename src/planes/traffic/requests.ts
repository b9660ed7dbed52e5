import { z } from "zod";
import { compileGlob } from "../../../capture/glob.ts";
import type { Condition, Listed, Where } from "../../engines/ledger/ledger.ts";
import type { PlaneName } from "../../kernel/exchange.ts";
import { Failure } from "../../kernel/failure.ts";
import { cursorOf, keyOf } from "../../kernel/page.ts";
import { may, type Scope } from "../../kernel/principal.ts";
import type { Context } from "../../registry/context.ts";
import { pathIs, textIs } from "./query/fields.ts";
import { queryCharactersMax } from "./query/tokens.ts";
import { searchOf } from "./query/search.ts";
import { placeInput, viewOf } from "./view.ts";
import { windowInput, windowOf } from "./window.ts";

const limitMax = 100;
const weekMs = 7 * 86_400_000;
/** Rows looked at for one page whose headers or bodies decide, and how many at a time. */
const contentRowsMax = 2_000;
const contentRowsAtATime = 100;

/** What it takes to see exchanges of each plane; those of others are seen by nobody. */
const scopes = { traffic: "traffic:read", webhooks: "logs:read" } as const satisfies Partial<
  Record<PlaneName, Scope>
>;

/** Which requests are asked for. */
export const requestsInput = {
  query: z
    .string()
    .min(1)
    .max(queryCharactersMax)
    .optional()
    .describe("Such as `status:5xx AND NOT userAgent:*bot* AND duration>250`."),
  method: z.string().max(40).optional(),
  status: z.coerce
    .string()
    .max(10)
    .refine(
      (text) => /^([1-5]\d\d|[1-5]xx|none)$/i.test(text),
      "a status such as 404, a class such as 5xx, or none",
    )
    .optional()
    .describe("`404`, `5xx`."),
  path: z.string().min(1).max(200).optional().describe("Path or route, with `*`."),
  userAgent: z.string().min(1).max(200).optional(),
  ...placeInput,
  ...windowInput,
  plane: z.enum(["traffic", "webhooks"]).default("traffic"),
  cursor: z.string().max(500).optional(),
  limit: z.int().min(1).max(limitMax).default(50),
};

export type Asked = z.output<z.ZodObject<typeof requestsInput>>;

export type Page = {
  readonly rows: readonly Listed[];
  readonly nextCursor: string | null;
  /** Older ones were not looked at, though the page is not full: nextCursor goes on. */
  readonly cutShort: boolean;
};

const Key = z.object({ startedAt: z.int(), id: z.string().regex(/^ex_[0-9a-f]{32}$/) });

/**
 * A page of what is asked for and may be seen, newest first; `extra` must hold besides.
 *
 * @throws Failure invalid, forbidden, as `viewOf` and `searchOf` say
 */
export async function requestsOf(asked: Asked, context: Context, extra?: Condition): Promise<Page> {
  const search = asked.query === undefined ? undefined : searchOf(asked.query);
  const where = await whereOf(asked, context, [
    ...(extra ? [extra] : []),
    ...(search?.condition ? [search.condition] : []),
  ]);
  const after = asked.cursor === undefined ? undefined : keyOf(asked.cursor, Key);
  const { workspace, ledger } = context;
  if (where === undefined) return { rows: [], nextCursor: null, cutShort: false };
  if (search?.rest === undefined) {
    const { rows } = await ledger.find({ workspace, where, limit: asked.limit + 1, ...(after && { after }) });
    return pageOf(rows.slice(0, asked.limit), rows.length > asked.limit);
  }
  return throughContent(search.rest, { workspace, where, limit: asked.limit, after }, context);
}

async function throughContent(
  matches: (row: Listed) => boolean,
  query: { workspace: string; where: Where; limit: number; after: z.output<typeof Key> | undefined },
  { ledger, signal }: Pick<Context, "ledger" | "signal">,
): Promise<Page> {
  const found: Listed[] = [];
  let { after } = query;
  for (let looked = 0; looked < contentRowsMax && !signal.aborted;) {
    const { rows } = await ledger.find({
      workspace: query.workspace,
      where: query.where,
      limit: contentRowsAtATime,
      content: true,
      ...(after && { after }),
    });
    for (const row of rows) {
      after = { startedAt: row.startedAt, id: row.id };
      if (!matches(row)) continue;
      found.push(row);
      if (found.length === query.limit) return pageOf(found, true);
    }
    looked += rows.length;
    if (rows.length < contentRowsAtATime) return pageOf(found, false);
  }
  return { rows: found, nextCursor: after === undefined ? null : cursorOf(after), cutShort: true };
}

/** The cursor of a page of which only the first rows are shown. */
export function cursorAfter(row: Listed): string {
  return cursorOf({ startedAt: row.startedAt, id: row.id });
}

function pageOf(rows: readonly Listed[], more: boolean): Page {
  const last = rows.at(-1);
  return { rows, nextCursor: more && last !== undefined ? cursorAfter(last) : null, cutShort: false };
}

/** undefined = the caller may see nothing. */
async function whereOf(
  asked: Asked,
  context: Context,
  extra: readonly Condition[],
): Promise<Where | undefined> {
  const { plane } = asked;
  if (!seesPlane(plane, context)) throw unseen(plane, context);
  const view = await viewOf(context, asked);
  const { from, to } = windowOf(asked, context.now, weekMs);
  const all = [...conditionsOf(asked), ...extra];
  const place = {
    ...(view.environment !== undefined && { environment: view.environment }),
    ...(view.buckets !== undefined && { buckets: view.buckets }),
  };
  if (plane === "traffic" && view.subjects.length === 0) return undefined;
  return {
    plane,
    ...place,
    ...(plane === "traffic" && { subjects: view.subjects, kinds: ["request", "outbound"] }),
    from,
    to,
    ...(all.length > 0 && { condition: { all } }),
  };
}

/** Whether the caller may see exchanges of the plane: a token for captured traffic sees nothing else. */
export function seesPlane(
  plane: PlaneName,
  { principal, workspace }: Pick<Context, "principal" | "workspace">,
): boolean {
  if (plane !== "traffic" && plane !== "webhooks") return false;
  return (
    may(principal, scopes[plane], workspace) &&
    (plane === "traffic" || principal.credential.kind !== "mcp-token")
  );
}

function unseen(plane: Asked["plane"], { principal, workspace }: Context): Failure {
  const scope = scopes[plane];
  const message = `This credential does not see exchanges of ${plane}.`;
  if (principal.credential.kind !== "mcp-token" && !may(principal, scope, workspace))
    return new Failure("forbidden", message, {
      pointer: "/plane",
      scope,
      hint: `Use a credential that has ${scope}.`,
    });
  return new Failure("forbidden", message, {
    pointer: "/plane",
    hint: "Leave plane out: an MCP token sees captured traffic and nothing else.",
  });
}

function conditionsOf({ method, status, path, userAgent }: Asked): readonly Condition[] {
  return [
    ...(method === undefined ? [] : [{ field: "method", is: [method.toUpperCase()] } as const]),
    ...(status === undefined ? [] : [statusIs(status.toLowerCase())]),
    ...(path === undefined ? [] : [pathIs(path)]),
    ...(userAgent === undefined ? [] : [textIs("facts.userAgent", userAgent)]),
  ];
}

function statusIs(status: string): Condition {
  const field = "status";
  if (status === "none") return { not: { field, present: true } };
  const first = Number(status.slice(0, 1)) * 100;
  return status.endsWith("xx")
    ? { field, atLeast: first, atMost: first + 99 }
    : { field, is: [Number(status)] };
}

/** Whether what was counted under this route is meant by a path: the route itself, or a path that is of that route. */
export function routeMeant(path: string): (route: string) => boolean {
  const like = compileGlob(path, "text");
  return (route) => like(route) || isOf(path, route);
}

/** `/users/7` is of `/users/{id}` and of `/users/:id`. */
function isOf(path: string, route: string): boolean {
  const [parts, wanted] = [path.split("/"), route.split("/")];
  return parts.length === wanted.length && wanted.every((part, i) => /^[{:]/.test(part) || part === parts[i]);
}
