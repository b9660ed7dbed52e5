import { createHmac, randomBytes } from "node:crypto";
import type { EntryChange } from "../../../engines/store/store.ts";
import { newId } from "../../../kernel/id.ts";
import { fingerprint, sameBytes } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { readThrough } from "../../../registry/read-through.ts";
import { serverScope } from "../../../registry/workspace.ts";
import { cookieOf, setCookie } from "./cookie.ts";
import {
  absoluteMs,
  begunEntries,
  endedEntries,
  sessionEntries,
  sessionEntry,
  sessionsPerUserMax,
  usedEntry,
  type SessionEntry,
} from "./session-entries.ts";

/** A person who is signed in at one browser. */
export type Session = {
  /** Names it in lists. It is made from the hash of what the cookie holds, and nobody gets from it to the cookie. */
  readonly id: string;
  readonly user: string;
  /** What a form or a request that changes something must repeat; see `hasCsrf`. */
  readonly csrf: string;
  readonly createdAt: number;
};

export type Sessions = {
  /**
   * Signs a user in: `cookie` is the value of a `Set-Cookie` header. A session is always a new one, whatever the browser
   * sent; of more than 50 of a user, those unused for longest end. `how` goes into the audit: `password` unless given.
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
  /** Those that are not over, last used first. */
  list(user: string): Promise<readonly SessionEntry[]>;
  /** The value of a `Set-Cookie` header that makes the browser forget. */
  forget(): string;
};

type Needed = Pick<Engines, "store" | "clock" | "settings" | "log">;

const touchedEveryMs = 3_600_000;
const tokenBytes = 32;
const clientCharactersMax = 200;
const cookieName = "sluice_session";
const tokenPattern = /^(usr_[0-9A-Za-z]{1,40})\.[\w-]{43}$/;

/**
 * Sessions of people, in the store's entries under the SHA-256 of what the cookie holds, and looked up with every request:
 * one that was ended is known to no process.
 */
export function sessions(engines: Needed): Sessions {
  const { store, clock, settings } = engines;
  const secure = (): boolean => settings.publicUrl.startsWith("https://");
  return {
    async begin(user, { client, remoteAddress, how = "password" }) {
      const token = `${user}.${randomBytes(tokenBytes).toString("base64url")}`;
      const id = idOf(token);
      const begun = { createdAt: clock.now(), client: client.slice(0, clientCharactersMax), remoteAddress };
      const over = (await sessionEntries(store, user)).slice(sessionsPerUserMax - 1);
      const ended = over.flatMap((old) => endedEntries(user, old.id));
      const entries = [...begunEntries(user, id, begun), ...ended];
      await commit(engines, { user, operation: "sign_in", entries, audited: { how, session: id, ...begun } });
      return { cookie: setCookie(cookieName, token, { secure: secure(), maxAgeMs: absoluteMs }) };
    },
    async of(cookieHeader) {
      const token = cookieOf(cookieName, cookieHeader, secure());
      const user = tokenPattern.exec(token ?? "")?.[1];
      if (token === undefined || user === undefined) return undefined;
      const id = idOf(token);
      const found = await readThrough(() => sessionEntry(store, user, id));
      if (found === undefined) return undefined;
      if (clock.now() - found.lastUsedAt >= touchedEveryMs) await touch(engines, user, found);
      return { id, user, csrf: csrfOf(token), createdAt: found.createdAt };
    },
    async end({ id, user }) {
      const entries = endedEntries(user, id);
      await commit(engines, { user, operation: "end_session", entries, audited: { session: id } });
    },
    async endAll(user, but) {
      const ended = (await sessionEntries(store, user)).filter(({ id }) => id !== but?.id);
      if (ended.length === 0) return;
      const entries = ended.flatMap(({ id }) => endedEntries(user, id));
      const audited = { ended: ended.length, kept: but?.id ?? null };
      await commit(engines, { user, operation: "end_sessions", entries, audited });
    },
    list: (user) => sessionEntries(store, user),
    forget: () => setCookie(cookieName, "", { secure: secure(), maxAgeMs: 0 }),
  };
}

/** Whether a request repeats what its session demands, compared in constant time. */
export function hasCsrf({ csrf }: Pick<Session, "csrf">, given: string | undefined): boolean {
  return given !== undefined && sameBytes(Buffer.from(csrf), Buffer.from(given));
}

type Made = {
  readonly user: string;
  readonly operation: string;
  readonly entries: readonly EntryChange[];
  readonly audited: Readonly<Record<string, unknown>> | null;
};

async function commit({ store, clock }: Needed, { user, operation, entries, audited }: Made): Promise<void> {
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

/** Last use is a courtesy: a call must not fail because it cannot be noted. */
async function touch(engines: Needed, user: string, session: SessionEntry): Promise<void> {
  const entries = [usedEntry(user, session, engines.clock.now())];
  try {
    await commit(engines, { user, operation: "session_use", entries, audited: null });
  } catch (error) {
    engines.log(`the use of a session of ${user} was not recorded: ${String(error)}`);
  }
}

function idOf(token: string): string {
  return `ses_${fingerprint(token)}`;
}

/** Follows from the cookie, so that nothing of it needs to be kept. */
function csrfOf(token: string): string {
  return createHmac("sha256", token).update("csrf").digest("base64url");
}
