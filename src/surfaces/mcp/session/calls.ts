import { cancelled } from "../../../registry/cancelled.ts";
import type { RpcId } from "../json-rpc.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Session } from "./session.ts";

/** Calls of one session that this node may have under way at once. */
const underWayMax = 32;

export type Call = {
  /** Aborted when the client cancels it, at whatever node that arrives. */
  readonly signal: AbortSignal;
  end(): void;
};

/** The calls of sessions that are under way here. */
export type Calls = {
  /** undefined when the session has too many under way. */
  begin(session: Session, id: RpcId): Call | undefined;
  cancel(session: Session, id: RpcId): Promise<void>;
};

export function callsUnderWay(mailbox: Mailbox): Calls {
  const bySession = new Map<string, Map<RpcId, AbortController>>();

  function cancelHere(sessionId: string, id: RpcId): boolean {
    const call = bySession.get(sessionId)?.get(id);
    call?.abort(cancelled);
    return call !== undefined;
  }

  return {
    begin(session, id) {
      const calls = bySession.get(session.id) ?? new Map<RpcId, AbortController>();
      if (calls.size >= underWayMax) return undefined;
      const call = new AbortController();
      bySession.set(session.id, calls.set(id, call));
      const stop = mailbox.listen(
        session,
        (letter) => letter.kind === "cancel" && cancelHere(session.id, letter.requestId),
      );
      return {
        signal: call.signal,
        end() {
          stop();
          if (calls.get(id) === call) calls.delete(id);
          if (calls.size === 0) bySession.delete(session.id);
        },
      };
    },
    async cancel(session, id) {
      if (!cancelHere(session.id, id)) await mailbox.post(session, { kind: "cancel", requestId: id });
    },
  };
}
