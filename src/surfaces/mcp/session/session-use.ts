import type { Engines } from "../../../registry/engines.ts";
import { boundedMap } from "../bounded-map.ts";
import { gone, writeEntries, type EntryChange, type Owner } from "./entry-writer.ts";

/** Without a request. */
const idleMs = 24 * 3_600_000;
const notedEveryMs = 60_000;
const notedMax = 10_000;

/** Where the sessions of one credential are kept. */
export type Place = { readonly owner: Owner; readonly collection: string };

/** When sessions were last used: known to within a minute, so that a request writes nothing as a rule. */
export type SessionUses = {
  /** To be written with the session. */
  begun(place: Place, id: string): EntryChange;
  /** To be written with its end. */
  over(place: Place, id: string): EntryChange;
  /** Whether the session has not been idle for too long; then it was used now. */
  isRecent(place: Place, id: string): Promise<boolean>;
  /** Until when each would last without another use, at most `limit` of them. */
  until(place: Place, limit: number): Promise<ReadonlyMap<string, number>>;
};

export function sessionUses(engines: Pick<Engines, "store" | "clock" | "log">): SessionUses {
  const { store, clock, log } = engines;
  const notedAt = boundedMap<number>(notedMax);

  function begun({ collection }: Place, id: string): EntryChange {
    const at = clock.now();
    notedAt.keep(id, at);
    return {
      collection: usesOf(collection),
      key: id,
      value: { at },
      expiresAt: at + idleMs,
      mustBeNew: false,
    };
  }

  return {
    begun,
    over: ({ collection }, id) => gone(usesOf(collection), id, clock.now()),
    async isRecent(place, id) {
      if (clock.now() - (notedAt.get(id) ?? 0) < notedEveryMs) return true;
      const { owner, collection } = place;
      if ((await store.entries.get(owner.workspace, usesOf(collection), id)) === undefined) return false;
      writeEntries(engines, owner, [begun(place, id)]).catch((error: unknown) =>
        log(`use of an MCP session was not recorded: ${String(error)}`),
      );
      return true;
    },
    async until({ owner, collection }, limit) {
      const uses = await store.entries.list(owner.workspace, usesOf(collection), limit);
      return new Map(uses.map(({ key, expiresAt }) => [key, expiresAt]));
    },
  };
}

function usesOf(collection: string): string {
  return `use/${collection}`;
}
