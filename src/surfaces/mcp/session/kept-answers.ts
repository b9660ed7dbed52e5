import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { randomText } from "../../../kernel/id.ts";
import type { Engines } from "../../../registry/engines.ts";
import { callMsMax } from "../call-time.ts";
import { errorBody, RpcError, rpcCode, type RpcId } from "../json-rpc.ts";
import { writeEntries } from "./entry-writer.ts";
import type { Session } from "./session.ts";

const keptMs = 5 * 60_000;
const answerLengthMax = 256 * 1024;
const lookEveryMs = 250;

const Stored = z.object({ text: z.string() });

/**
 * Answers of calls that were streamed, for clients whose stream broke before the answer came: kept for 5 minutes, and
 * found at every node. Reports of progress are not.
 */
export type KeptAnswers = {
  newStream(): string;
  /** Never rejects: an answer that cannot be kept is sent all the same. */
  keep(session: Session, stream: string, text: string, id: RpcId): Promise<void>;
  /** Waits for as long as a call may take; undefined when there is none by then, or nobody waits any more. */
  wait(session: Session, stream: string, over: AbortSignal): Promise<string | undefined>;
};

export function storedAnswers(engines: Pick<Engines, "store" | "clock" | "log">): KeptAnswers {
  const { store, clock, log } = engines;
  return {
    newStream: () => randomText(16),
    async keep(session, stream, text, id) {
      const expiresAt = clock.now() + keptMs;
      const value = { text: text.length > answerLengthMax ? tooLong(id) : text };
      const entry = { collection: collectionOf(session), key: stream, value, expiresAt };
      try {
        await writeEntries(engines, session.owner, [{ ...entry, mustBeNew: false }]);
      } catch (error) {
        log(`the answer of a call was not kept for a broken stream: ${String(error)}`);
      }
    },
    async wait(session, stream, over) {
      const until = clock.now() + callMsMax;
      while (!over.aborted && clock.now() < until) {
        const stored = await store.entries.get(session.owner.workspace, collectionOf(session), stream);
        if (stored !== undefined) return Stored.parse(stored).text;
        await sleep(lookEveryMs, undefined, { ref: false });
      }
      return undefined;
    },
  };
}

function tooLong(id: RpcId): string {
  const message = "The answer was too long to be kept for a broken stream.";
  const error = new RpcError(rpcCode.internal, message, { hint: "Look at the state, then call again." });
  return errorBody(id, error);
}

function collectionOf({ id }: Session): string {
  return `mcp_answer/${id}`;
}
