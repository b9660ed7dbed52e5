import type { AnswerStream } from "../../../engines/inbound/inbound.ts";
import type { Principal } from "../../../kernel/principal.ts";
import type { Watch } from "../../../registry/credential-watch.ts";
import type { Guest } from "../reception.ts";
import type { Sessions } from "./session.ts";

/** For sessions that ended elsewhere; of credentials that are revoked it is told. */
const lookEveryMs = 1_000;
/** Of one principal on this node. */
const perPrincipalMax = 100;
/** Of one session on this node; a client that opens one more has usually lost the oldest. */
const perSessionMax = 4;

/** A stream that is open, and who it is for as of now. */
export type Kept = { readonly principal: Principal };

/** Streams that end within a second once their credential is revoked or their session ended, at whatever node. */
export type KeptStreams = {
  hasRoom(principal: Principal): boolean;
  keep(stream: AnswerStream, guest: Guest, sessionId: string | null): Kept;
  endSession(id: string): void;
};

type Open = {
  readonly stream: AnswerStream;
  readonly guest: Guest;
  readonly sessionId: string | null;
  principal: Principal;
};

export function keptStreams(watch: Watch, sessions: Sessions): KeptStreams {
  const open = new Set<Open>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  /** Those with the same credentials have their sessions together. What cannot be found out counts against them. */
  async function look(group: readonly Open[]): Promise<void> {
    const principal = group[0]?.principal;
    if (principal === undefined) return;
    try {
      const live = await sessions.live(principal);
      for (const { sessionId, stream } of group) {
        if (sessionId === null) continue;
        if (live.has(sessionId)) await sessions.use(principal, sessionId);
        else stream.end();
      }
    } catch {
      for (const { stream } of group) stream.end();
    }
  }

  async function lookAtAll(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    const inSessions = [...open].filter(({ sessionId }) => sessionId !== null);
    const groups = Map.groupBy(inSessions, ({ guest }) => JSON.stringify(guest.credentials));
    await Promise.all([...groups.values()].map(look));
    isLooking = false;
  }

  function of(sessionId: string): readonly Open[] {
    return [...open].filter((one) => one.sessionId === sessionId);
  }

  return {
    hasRoom: (principal) =>
      [...open].filter((one) => isSame(one.principal, principal)).length < perPrincipalMax,
    keep(stream, guest, sessionId) {
      const one: Open = { stream, guest, sessionId, principal: guest.principal };
      if (stream.over.aborted) return one;
      const [oldest, ...others] = sessionId === null ? [] : of(sessionId);
      if (others.length + 1 >= perSessionMax) oldest?.stream.end();
      open.add(one);
      timer ??= setInterval(() => void lookAtAll(), lookEveryMs).unref();
      const stop = watch({
        credentials: guest.credentials,
        holds: (principal) => void (one.principal = principal),
        over: () => stream.end(),
      });
      stream.over.addEventListener("abort", () => {
        stop();
        open.delete(one);
        if (open.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
      return one;
    },
    endSession(id) {
      for (const { stream } of of(id)) stream.end();
    },
  };
}

function isSame(a: Principal, b: Principal): boolean {
  return a.actor.kind === b.actor.kind && a.actor.id === b.actor.id;
}
