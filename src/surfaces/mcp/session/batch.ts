import type { RawAnswer } from "../../../engines/inbound/inbound.ts";
import { errorBody, plainAnswer, RpcError, rpcCode, textOf, type RpcMessage } from "../json-rpc.ts";

/** Calls of one batch under way at once. */
const atOnceMax = 4;

/** The one revision that had batches. */
export const batchRevision = "2025-03-26";

/**
 * Answers a batch: an array of the answers in the order of their requests, or 202 when there were none. `initialize`
 * cannot be in one.
 */
export async function batchAnswer(
  batch: readonly (RpcMessage | RpcError)[],
  answer: (message: RpcMessage) => Promise<RawAnswer>,
): Promise<RawAnswer> {
  const texts: string[] = Array.from({ length: batch.length }, () => "");
  const waiting = [...batch.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [place, message] = next;
      texts[place] = await answerText(message, answer);
    }
  };
  await Promise.all(Array.from({ length: atOnceMax }, worker));
  const answered = texts.filter((text) => text !== "");
  return answered.length === 0 ? plainAnswer(202, "") : plainAnswer(200, `[${answered.join()}]`);
}

async function answerText(
  message: RpcMessage | RpcError,
  answer: (message: RpcMessage) => Promise<RawAnswer>,
): Promise<string> {
  if (message instanceof RpcError) return errorBody(null, message);
  if (message.method === "initialize") return errorBody(message.id ?? null, initializeAlone);
  return textOf(await answer(message));
}

const initializeAlone = new RpcError(rpcCode.invalidRequest, "initialize is sent alone and not in a batch.");
