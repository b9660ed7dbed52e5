import { z } from "zod";
import type { EntryChange, Store } from "../../../engines/store/store.ts";
import { serverScope } from "../../../registry/workspace.ts";

const dayMs = 24 * 3_600_000;
const idleMs = 14 * dayMs;
/** How long a session lasts however much it is used. */
export const absoluteMs = 90 * dayMs;
export const sessionsPerUserMax = 50;
/** Begun at the same moment, there may be a few too many for a while. */
const listedMax = 2 * sessionsPerUserMax;

const Begun = z.object({ createdAt: z.int(), client: z.string(), remoteAddress: z.string() });
const Used = z.object({ at: z.int() });

export type SessionEntry = z.output<typeof Begun> & { readonly id: string; readonly lastUsedAt: number };

/** One that is not over, as it is stored. */
export async function sessionEntry(
  { entries }: Pick<Store, "entries">,
  user: string,
  id: string,
): Promise<SessionEntry | undefined> {
  const [begun, used] = await Promise.all(
    placesOf(user).map((collection) => entries.get(serverScope, collection, id)),
  );
  if (begun === undefined || used === undefined) return undefined;
  return { id, ...Begun.parse(begun), lastUsedAt: Used.parse(used).at };
}

/** Those of a user that are not over, last used first. */
export async function sessionEntries(
  { entries }: Pick<Store, "entries">,
  user: string,
): Promise<readonly SessionEntry[]> {
  const [begun = [], used = []] = await Promise.all(
    placesOf(user).map((collection) => entries.list(serverScope, collection, listedMax)),
  );
  const uses = new Map(used.map(({ key, value }) => [key, Used.parse(value).at]));
  return begun
    .flatMap(({ key, value }) => {
      const lastUsedAt = uses.get(key);
      return lastUsedAt === undefined ? [] : [{ id: key, ...Begun.parse(value), lastUsedAt }];
    })
    .toSorted((a, b) => b.lastUsedAt - a.lastUsedAt);
}

export function begunEntries(
  user: string,
  id: string,
  begun: z.output<typeof Begun>,
): readonly EntryChange[] {
  const [collection] = placesOf(user);
  const expiresAt = begun.createdAt + absoluteMs;
  return [
    { collection, key: id, value: begun, expiresAt, mustBeNew: true },
    usedEntry(user, { id, ...begun }, begun.createdAt),
  ];
}

/** Use stands apart from the session, so that noting it cannot bring back what was ended meanwhile. */
export function usedEntry(
  user: string,
  { id, createdAt }: Pick<SessionEntry, "id" | "createdAt">,
  at: number,
): EntryChange {
  const [, collection] = placesOf(user);
  const expiresAt = Math.min(at + idleMs, createdAt + absoluteMs);
  return { collection, key: id, value: { at }, expiresAt, mustBeNew: false };
}

export function endedEntries(user: string, id: string): readonly EntryChange[] {
  return placesOf(user).map((collection) => ({
    collection,
    key: id,
    value: null,
    expiresAt: 0,
    mustBeNew: false,
  }));
}

function placesOf(user: string) {
  return [`session/${user}`, `session_use/${user}`] as const;
}
