import { isUtf8 } from "node:buffer";
import { Failure } from "../../kernel/failure.ts";
import { pointerOf } from "../../registry/parse.ts";
import { parseJson } from "../../registry/json-text.ts";
import { RpcAnswer, RpcError, rpcCode, RpcMessage } from "./json-rpc.ts";

/**
 * The one message of a request's body.
 *
 * @throws RpcError parse when it is no JSON, invalidRequest when it is no JSON-RPC request or notification
 */
export function readMessage(bytes: Buffer): RpcMessage {
  return messageOf(rawOf(bytes));
}

const batchMax = 100;

/** One message, an answer to a request of this server, or a batch: messages, and what is wrong with each that is none. */
export type RpcBody =
  | { readonly message: RpcMessage }
  | { readonly answer: RpcAnswer }
  | { readonly batch: readonly (RpcMessage | RpcError)[] };

/**
 * What a request's body holds.
 *
 * @throws RpcError as `readMessage`; invalidRequest for a batch of none or of more than 100
 */
export function readMessages(bytes: Buffer): RpcBody {
  const raw = rawOf(bytes);
  if (isAnswer(raw)) return { answer: answerOf(raw) };
  if (!Array.isArray(raw)) return { message: messageOf(raw) };
  if (raw.length === 0 || raw.length > batchMax)
    throw new RpcError(
      rpcCode.invalidRequest,
      `A batch has 1 to ${batchMax} messages, and not ${raw.length}.`,
    );
  const batch = raw.map((each: unknown) => {
    try {
      return messageOf(each);
    } catch (error) {
      if (error instanceof RpcError) return error;
      throw error;
    }
  });
  return { batch };
}

function rawOf(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new RpcError(rpcCode.parse, "The body is no valid UTF-8.");
  return jsonOf(bytes.toString("utf8"));
}

function messageOf(raw: unknown): RpcMessage {
  const parsed = RpcMessage.safeParse(raw);
  if (parsed.success) return parsed.data;
  if (Array.isArray(raw))
    throw new RpcError(rpcCode.invalidRequest, "Batches are not served here: send one request at a time.");
  if (isAnswer(raw)) throw takesNoAnswers();
  const issue = parsed.error.issues[0];
  const at = pointerOf(issue?.path ?? []);
  throw new RpcError(
    rpcCode.invalidRequest,
    `The body is no JSON-RPC 2.0 request: ${issue?.message ?? "invalid"} at "${at}".`,
    { field: at, hint: 'Send {"jsonrpc":"2.0","id":1,"method":"tools/list"}.' },
  );
}

export function takesNoAnswers(): RpcError {
  return new RpcError(
    rpcCode.invalidRequest,
    "This server asks nothing of its clients here, so it takes no answers.",
  );
}

function answerOf(raw: unknown): RpcAnswer {
  const parsed = RpcAnswer.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new RpcError(
    rpcCode.invalidRequest,
    "An answer has an id, and a result or an error that are objects.",
  );
}

function isAnswer(raw: unknown): boolean {
  return typeof raw === "object" && raw !== null && !("method" in raw) && ("result" in raw || "error" in raw);
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new RpcError(rpcCode.parse, error.message, { hint: error.detail.hint });
  }
}
