import type { RawAnswer, RawRequest } from "../../../engines/inbound/inbound.ts";
import type { Progress } from "../../../registry/context.ts";
import { whileHeld } from "../../../registry/while-held.ts";
import type { Line } from "../conversation.ts";
import { callMsMax } from "../call-time.ts";
import type { Heard } from "../era.ts";
import type { RpcId } from "../json-rpc.ts";
import { narrower } from "../narrowing.ts";
import type { Guest } from "../reception.ts";
import { refused } from "../refusal.ts";
import { resource, type House } from "./house.ts";
import type { Session } from "./session.ts";

/** One request at an address with sessions: who sent it, and in which session, if any. */
export type Visit = {
  readonly request: RawRequest;
  readonly guest: Guest;
  readonly session: Session | undefined;
};

export type Manner = {
  /** Of whoever may give the call up. */
  readonly caller: { readonly signal: AbortSignal };
  readonly id: RpcId | null;
  readonly progress?: Progress;
  /** Made when the request can use it, with what says that it is given up. */
  readonly line?: (signal: AbortSignal) => Line;
};

/** What was narrowed when the session began stays so. */
export function guestOf({ guest, session }: Visit): Guest {
  if (session === undefined) return guest;
  return { ...guest, narrowing: narrower(session.narrowing, guest.narrowing) };
}

/**
 * Does something for the request within the time that a call may take, and while its credential holds. Never rejects: what
 * is refused is an answer.
 */
export async function within(
  house: House,
  visit: Visit,
  manner: Manner,
  work: (heard: Heard) => Promise<RawAnswer> | RawAnswer,
): Promise<RawAnswer> {
  const { request, guest } = visit;
  const { caller, progress, line } = manner;
  const ends = { watch: house.watch, credentials: guest.credentials, caller, msMax: callMsMax };
  try {
    return await whileHeld(ends, (held) => {
      const conduct = {
        get signal() {
          return held.signal;
        },
        ...(progress !== undefined && { progress }),
        ...(line !== undefined && { line: line(held.signal) }),
      };
      return work(house.desk.heard(request, guestOf(visit), conduct));
    });
  } catch (error) {
    const authorization = request.header("authorization");
    return refused(
      error,
      { requestId: guest.requestId, resource, authorization, id: manner.id },
      house.engines,
    );
  }
}
