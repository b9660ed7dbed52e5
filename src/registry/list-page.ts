import { z } from "zod";
import { cursorOf, fitting, keyOf as keyIn, pageLimitMax } from "../kernel/page.ts";
import type { Context } from "./context.ts";
import type { Resource, Row } from "./resource.ts";

/** What every list of records takes; `fields` comes with its `rows`. */
export const pageInput = {
  cursor: z.string().max(500).optional().describe("nextCursor of the previous page."),
  limit: z.int().min(1).max(pageLimitMax).default(pageLimitMax),
};

/** What every list answers besides its rows; null at the end. */
export const nextCursor = z.string().nullable();

/** What of a list is asked for. */
export type Asked = { readonly cursor?: string | undefined; readonly limit: number };

/** Where the rows of a list are from. */
export type Source<R, K> = {
  /** What a cursor is made of: where in the list a row stands, whatever comes and goes around it. */
  readonly key: z.ZodType<K>;
  readonly keyOf: (row: R) => K;
  /** The rows that follow a key, or the first ones; fewer than `limit` only at the end. */
  readonly read: (after: K | undefined, limit: number) => Promise<readonly R[]>;
};

/**
 * One page: as many rows as were asked for and fit into its bytes. `show` makes views of rows, one of each in their order.
 *
 * @throws Failure invalid for a cursor of another list
 */
export async function pageOf<R, K, V>(
  { cursor, limit }: Asked,
  { key, keyOf, read }: Source<R, K>,
  show: (rows: readonly R[]) => readonly V[] | Promise<readonly V[]>,
): Promise<{ readonly rows: V[]; readonly nextCursor: string | null }> {
  const found = await read(cursor === undefined ? undefined : keyIn(cursor, key), limit + 1);
  const wanted = found.slice(0, limit);
  const rows = [...fitting(await show(wanted))];
  const last = wanted[rows.length - 1];
  const more = found.length > rows.length && last !== undefined;
  return { rows, nextCursor: more ? cursorOf(keyOf(last)) : null };
}

const RecordKey = z.object({ createdAt: z.int(), id: z.string().max(100) });

/** Where a record stands among those of its kind. */
export type RecordKey = z.output<typeof RecordKey>;

const rowsPerRead = 200;

/** Records, newest first: of those that match the indexes `where`, those that are seen. */
export function newestFirst<S extends z.ZodObject>(
  { unit, signal }: Pick<Context, "unit" | "signal">,
  resource: Resource<S>,
  {
    where = {},
    isSeen,
  }: { readonly where?: Readonly<Record<string, string>>; readonly isSeen?: (row: Row<S>) => boolean } = {},
): Source<Row<S>, RecordKey> {
  return {
    key: RecordKey,
    keyOf: ({ createdAt, id }) => ({ createdAt, id }),
    async read(begin, limit) {
      const found: Row<S>[] = [];
      const perRead = isSeen === undefined ? limit : rowsPerRead;
      for (let after = begin; !signal.aborted;) {
        const rows = await unit.find(resource, { where, limit: perRead, ...(after && { after }) });
        found.push(...(isSeen === undefined ? rows : rows.filter(isSeen)));
        if (found.length >= limit || rows.length < perRead) break;
        after = rows.at(-1);
      }
      return found.slice(0, limit);
    },
  };
}

type Ordered = Readonly<Record<string, string | number>>;

/** Rows that are at hand, all of them, in the order of their keys: by the first member, then by the next. */
export function inOrder<R, K extends Ordered>(
  rows: readonly R[],
  { key, keyOf }: Pick<Source<R, K>, "key" | "keyOf">,
): Source<R, K> {
  return {
    key,
    keyOf,
    async read(after, limit) {
      return rows
        .filter((row) => after === undefined || compared(keyOf(row), after) > 0)
        .toSorted((a, b) => compared(keyOf(a), keyOf(b)))
        .slice(0, limit);
    },
  };
}

function compared<K extends Ordered>(a: K, b: K): number {
  for (const [name, value] of Object.entries(a)) {
    const other = b[name];
    if (other === undefined || value === other) continue;
    return value < other ? -1 : 1;
  }
  return 0;
}
