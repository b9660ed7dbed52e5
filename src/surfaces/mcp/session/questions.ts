import { randomText } from "../../../kernel/id.ts";
import { answerTo, cannotBeAsked, type Question } from "../conversation.ts";
import { RpcError, type Params, type RpcAnswer } from "../json-rpc.ts";
import { takesNoAnswers } from "../rpc-body.ts";
import { letterLengthMax, type Mailbox } from "./mailbox.ts";
import type { Session } from "./session.ts";

/** Of one session on this node, not answered yet. */
const openMax = 16;
const reasonLengthMax = 200;
const idPattern = /^ask-\w{22}$/;

/** Requests of this server to the clients of sessions. */
export type ClientQuestions = {
  /**
   * Sends a question and waits until it is answered, at whatever node, or `signal` is aborted.
   *
   * @throws Failure when the client answers with an error or not as the method wants
   */
  ask(session: Session, question: Question, way: Way): Promise<Params>;
  /**
   * Hands over an answer that arrived here. Whatever nobody waits for is dropped.
   *
   * @throws RpcError invalidRequest where nothing is ever asked
   */
  answered(session: Session, answer: RpcAnswer): Promise<void>;
};

type Way = { readonly send: (text: string) => void; readonly signal: AbortSignal };

/** `asks`: whether any tool here does; where none does, no answers are taken. */
export function clientQuestions(mailbox: Mailbox, asks: boolean): ClientQuestions {
  const open = new Map<string, Map<string | number, (answer: RpcAnswer) => void>>();

  function takeHere({ id }: Session, answer: RpcAnswer): boolean {
    const take = open.get(id)?.get(answer.id);
    take?.(answer);
    return take !== undefined;
  }

  return {
    async ask(session, question, { send, signal }) {
      signal.throwIfAborted();
      const here = open.get(session.id) ?? new Map<string | number, (answer: RpcAnswer) => void>();
      if (here.size >= openMax) throw cannotBeAsked("it has not answered what it was asked before");
      const id = `ask-${randomText(22)}`;
      const { promise, resolve, reject } = Promise.withResolvers<RpcAnswer>();
      const giveUp = (): void => reject(signal.reason);
      open.set(session.id, here.set(id, resolve));
      signal.addEventListener("abort", giveUp, { once: true });
      const stop = mailbox.listen(
        session,
        (letter) => letter.kind === "answer" && letter.answer.id === id && takeHere(session, letter.answer),
      );
      try {
        send(JSON.stringify({ jsonrpc: "2.0", id, ...question }));
        return resultOf(question, await promise);
      } finally {
        stop();
        signal.removeEventListener("abort", giveUp);
        here.delete(id);
        if (here.size === 0) open.delete(session.id);
      }
    },
    async answered(session, answer) {
      if (!asks) throw takesNoAnswers();
      if (takeHere(session, answer) || !idPattern.test(String(answer.id))) return;
      if (JSON.stringify(answer).length <= letterLengthMax)
        await mailbox.post(session, { kind: "answer", answer });
    },
  };
}

function resultOf(question: Question, answer: RpcAnswer): Params {
  if ("error" in answer)
    throw cannotBeAsked(
      `it answered ${question.method} with "${answer.error.message.slice(0, reasonLengthMax)}"`,
    );
  try {
    return answerTo(question, answer.result, "/result");
  } catch (error) {
    if (error instanceof RpcError) throw cannotBeAsked(`what it answered is no answer to ${question.method}`);
    throw error;
  }
}
