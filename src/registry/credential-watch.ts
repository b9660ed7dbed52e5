import type { StoredRecord } from "../engines/store/store.ts";
import type { Principal } from "../kernel/principal.ts";
import type { Authenticate, Credentials } from "./credentials.ts";
import type { Engines } from "./engines.ts";

/** For what no record tells: sessions of browsers, and what expires. */
const lookEveryMs = 500;
/** Changes that come closer together are looked at together. */
const gatheredMs = 50;

export type Watcher = {
  readonly credentials: Credentials;
  /** Told again and again what they are good for by now. */
  readonly holds?: (principal: Principal) => void;
  /** Told once that they are good for nothing any more, or that it cannot be found out, and why. */
  readonly over: (reason: unknown) => void;
};

/**
 * Watches over credentials that were accepted, for as long as something goes on by them: what is revoked, by whatever
 * process, is over within a second. Returns how to stop.
 */
export type Watch = (watcher: Watcher) => () => void;

/**
 * Asks `authenticate` again when a record of these kinds changed, or of any kind if none are named, and twice a second.
 * It must count no failure against anybody: nobody tried anything.
 */
export function credentialWatch(
  authenticate: Authenticate,
  { store }: Pick<Engines, "store">,
  kinds?: ReadonlySet<string>,
): Watch {
  const watched = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let isLooking = false;

  /** Those with the same credentials stand or fall together. */
  async function look(group: readonly Watcher[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    try {
      const principal = await authenticate(first.credentials);
      for (const watcher of group) if (watched.has(watcher)) watcher.holds?.(principal);
    } catch (reason) {
      for (const watcher of group) if (watched.delete(watcher)) watcher.over(reason);
    }
  }

  async function lookAtAll(): Promise<void> {
    const groups = Map.groupBy(watched, ({ credentials }) => JSON.stringify(credentials));
    await Promise.all([...groups.values()].map(look));
  }

  async function lookInTurn(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    await lookAtAll();
    isLooking = false;
  }

  function isOfInterest(changed: readonly StoredRecord[]): boolean {
    return kinds === undefined || changed.some(({ kind }) => kinds.has(kind));
  }

  store.onChange((changed) => {
    if (watched.size === 0 || soon !== undefined || !isOfInterest(changed)) return;
    // Not in turn: a look that waits for the database must not hold up what was just told.
    soon = setTimeout(() => {
      soon = undefined;
      void lookAtAll();
    }, gatheredMs).unref();
  });

  return (watcher) => {
    watched.add(watcher);
    timer ??= setInterval(() => void lookInTurn(), lookEveryMs).unref();
    return () => {
      watched.delete(watcher);
      if (watched.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  };
}
