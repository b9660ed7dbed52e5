import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { newId } from "../../kernel/id.ts";
import { fingerprint, sameBytes } from "../../kernel/secret.ts";
import type { Engines } from "../../registry/engines.ts";
import { readThrough } from "../../registry/read-through.ts";
import { serverScope } from "../../registry/workspace.ts";
import { cookieOf, setCookie } from "./cookie.ts";

/** A person who is signed in at one browser. */
export type Session = {
  /** Names it in lists; made from the hash of what the cookie holds, and nobody gets from it to the cookie. */
  readonly id: string;
  readonly user: string;
  /** What a form or a request that changes something must repeat; see `hasCsrf`. */
  readonly csrf: string;
  readonly createdAt: number;
};

/** A session as its user sees it in a list. */
export type SessionUse = Pick<Session, "id" | "user" | "createdAt"> & {
  readonly lastUsedAt: number;
  /** What the browser called itself when it signed in. */
  readonly client: string;
  readonly remoteAddress: string;
};

export type Sessions = {
  /**
   * Signs a user in: `cookie` is the value of a `Set-Cookie` header. A session is always a new one, whatever the browser
   * sent; of more than 50 of a user, those unused for longest end. `how` goes into the audit, such as `password`.
   */
  begin(
    user: string,
    from: { readonly client: string; readonly remoteAddress: string; readonly how?: string },
  ): Promise<{ readonly cookie: string }>;
  /**
   * The session that the `Cookie` header of a request names; undefined when there is none, or it is over: after 14 days
   * without use, 90 days in all, or ended.
   *
   * @throws Failure unavailable when it cannot be looked up
   */
  of(cookieHeader: string | undefined): Promise<Session | undefined>;
  /** Refused by every process from now on. Ending what has ended changes nothing. */
  end(session: Pick<Session, "id" | "user">): Promise<void>;
  /** All sessions of the user, but for the one to keep. */
  endAll(user: string, but?: Pick<Session, "id">): Promise<void>;
  /** Last used first. */
  list(user: string): Promise<readonly SessionUse[]>;
  /** A `Set-Cookie` header that makes the browser forget. */
  forget(): string;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const idleMs = 14 * dayMs;
const absoluteMs = 90 * dayMs;
const touchedEveryMs = hourMs;
const sessionsPerUserMax = 50;
/** Begun at the same moment, there may be a few too many for a while. */
const listedMax = 2 * sessionsPerUserMax;
const tokenBytes = 32;
const clientCharactersMax = 200;

const cookieName = "sluice_session";
const tokenPattern = /^(usr_[0-9A-Za-z]{1,40})\.([\w-]{43})$/;

const Kept = z.object({ createdAt: z.int(), client: z.string(), remoteAddress: z.string() });
const Used = z.object({ at: z.int() });

/**
 * Sessions of people, in the store's entries under the SHA-256 of what the cookie holds, and looked up with every request:
 * one that was ended is known to nobody. Last use stands apart from the session, so that noting it cannot bring back what
 * was ended meanwhile.
 */
export function sessions({
  store,
  clock,
  settings,
  log,
}: Pick<Engines, "store" | "clock" | "settings" | "log">): Sessions {
  const secure = (): boolean => settings.publicUrl.startsWith("https://");
  const removed = (user: string, id: string) =>
    [keptIn(user), usedIn(user)].map((collection) => ({
      ...{ collection, key: id, value: null, expiresAt: 0, mustBeNew: false },
    }));

  async function commit(
    user: string,
    operation: string,
    entries: Parameters<typeof store.commit>[0]["entries"],
    audited: Readonly<Record<string, unknown>> | null,
  ): Promise<void> {
    await store.commit({
      workspace: serverScope,
      at: clock.now(),
      actor: { kind: "user", id: user },
      operation,
      records: [],
      entries,
      outbox: [],
      audit: audited && { id: newId("aud"), subjects: [user], detail: audited },
    });
  }

  async function list(user: string): Promise<readonly SessionUse[]> {
    const [kept, used] = await Promise.all([
      store.entries.list(serverScope, keptIn(user), listedMax),
      store.entries.list(serverScope, usedIn(user), listedMax),
    ]);
    const uses = new Map(used.map(({ key, value }) => [key, Used.parse(value).at]));
    return kept
      .flatMap(({ key, value }) => {
        const lastUsedAt = uses.get(key);
        return lastUsedAt === undefined ? [] : [{ id: key, user, lastUsedAt, ...Kept.parse(value) }];
      })
      .toSorted((a, b) => b.lastUsedAt - a.lastUsedAt);
  }

  async function touch(user: string, id: string, createdAt: number): Promise<void> {
    try {
      await commit(user, "session_use", [usedEntry(user, id, createdAt, clock.now())], null);
    } catch (error) {
      log(`the use of a session of ${user} was not recorded: ${String(error)}`);
    }
  }

  return {
    async begin(user, { client, remoteAddress, how = "password" }) {
      const token = `${user}.${randomBytes(tokenBytes).toString("base64url")}`;
      const id = idOf(token);
      const createdAt = clock.now();
      const kept = { createdAt, client: client.slice(0, clientCharactersMax), remoteAddress };
      const over = (await list(user)).slice(sessionsPerUserMax - 1);
      const entries = [
        { ...place(keptIn(user), id), value: kept, expiresAt: createdAt + absoluteMs },
        usedEntry(user, id, createdAt, createdAt),
        ...over.flatMap((old) => removed(user, old.id)),
      ];
      await commit(user, "sign_in", entries, { how, session: id, ...kept });
      return { cookie: setCookie(cookieName, token, { secure: secure(), maxAgeMs: absoluteMs }) };
    },
    async of(cookieHeader) {
      const token = cookieOf(cookieName, cookieHeader, secure());
      const user = tokenPattern.exec(token ?? "")?.[1];
      if (token === undefined || user === undefined) return undefined;
      const id = idOf(token);
      const [found, use] = await readThrough(() =>
        Promise.all([keptIn(user), usedIn(user)].map((it) => store.entries.get(serverScope, it, id))),
      );
      if (found === undefined || use === undefined) return undefined;
      const { createdAt } = Kept.parse(found);
      if (clock.now() - Used.parse(use).at >= touchedEveryMs) await touch(user, id, createdAt);
      return { id, user, csrf: csrfOf(token), createdAt };
    },
    async end({ id, user }) {
      await commit(user, "end_session", removed(user, id), { session: id });
    },
    async endAll(user, but) {
      const ended = (await list(user)).filter(({ id }) => id !== but?.id);
      if (ended.length === 0) return;
      const entries = ended.flatMap(({ id }) => removed(user, id));
      await commit(user, "end_sessions", entries, { ended: ended.length, kept: but?.id ?? null });
    },
    list,
    forget: () => setCookie(cookieName, "", { secure: secure(), maxAgeMs: 0 }),
  };
}

/** Whether a request repeats what its session demands, compared in constant time. */
export function hasCsrf({ csrf }: Pick<Session, "csrf">, given: string | undefined): boolean {
  return given !== undefined && sameBytes(Buffer.from(csrf), Buffer.from(given));
}

function idOf(token: string): string {
  return `ses_${fingerprint(token)}`;
}

/** Follows from the cookie, so that nothing of it needs to be kept. */
function csrfOf(token: string): string {
  return createHmac("sha256", token).update("csrf").digest("base64url");
}

function keptIn(user: string): string {
  return `session/${user}`;
}

function usedIn(user: string): string {
  return `session_use/${user}`;
}

function place(collection: string, key: string) {
  return { collection, key, mustBeNew: false };
}

function usedEntry(user: string, id: string, createdAt: number, at: number) {
  const expiresAt = Math.min(at + idleMs, createdAt + absoluteMs);
  return { ...place(usedIn(user), id), value: { at }, expiresAt };
}
