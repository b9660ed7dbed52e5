import { z } from "zod";
import type { AnswerStream, RawAnswer, StreamedAnswer } from "../../../engines/inbound/inbound.ts";
import type { Clock } from "../../../kernel/clock.ts";
import type { Progress } from "../../../registry/context.ts";
import { textOf, type RpcId, type RpcMessage } from "../json-rpc.ts";
import { eventOf, eventStream, firstEvent, notificationOf } from "./event.ts";

/** Two reports of one call are not closer together, but for its last. */
const everyMs = 100;

const Asks = z.object({ _meta: z.object({ progressToken: z.union([z.string(), z.number()]) }) });

/** What a client wants to be told progress under; undefined when it does not, or the message is no call. */
export function progressTokenOf({ method, params }: RpcMessage): RpcId | undefined {
  if (method !== "tools/call") return undefined;
  const asks = Asks.safeParse(params);
  return asks.success ? asks.data["_meta"].progressToken : undefined;
}

/** Reports progress as notifications: as often as is of use, and never less than was reported before. */
export function progressUnder(token: RpcId, clock: Clock, send: (text: string) => void): Progress {
  let last = { done: -1, at: 0 };
  return (done, total, message) => {
    const at = clock.now();
    if (done <= last.done || (at - last.at < everyMs && done < total)) return;
    last = { done, at };
    send(notificationOf("notifications/progress", { progressToken: token, progress: done, total, message }));
  };
}

/** Where a call that is under way can send to, before its answer. */
export type Outlet = {
  send(text: string): void;
  /** Ends the stream, for a client that will take up the answer by another. */
  letGo(): void;
};

export type StreamedCall = {
  /** Carries the call out; never rejects. */
  run(outlet: Outlet): Promise<RawAnswer>;
  opened(stream: AnswerStream): void;
  /** The id of the nth event; undefined where streams cannot be taken up again. */
  eventId(n: number): string | undefined;
  /** Whether the client understands an event without data, and comes back when its stream ends early. */
  readonly polls: boolean;
  /** Told the answer before it is sent. */
  answered(text: string): Promise<void>;
};

/**
 * The answer of a call as JSON; or, when the call sends something before it is done, a stream of that which ends with the
 * answer. So what is refused at once keeps its HTTP status.
 */
export async function callStream(call: StreamedCall): Promise<RawAnswer | StreamedAnswer> {
  const reported = Promise.withResolvers<null>();
  const waiting: string[] = [];
  let stream: AnswerStream | undefined;
  let isLetGo = false;
  let events = 0;
  const event = (text: string): string => eventOf(text, call.eventId(events++));
  const first = call.polls ? call.eventId(events++) : undefined;
  if (first !== undefined) waiting.push(firstEvent(first));
  const running = call.run({
    send(text) {
      if (stream === undefined) waiting.push(event(text));
      else stream.write(event(text));
      reported.resolve(null);
    },
    letGo() {
      if (!call.polls) return;
      isLetGo = true;
      stream?.end();
      reported.resolve(null);
    },
  });
  const early = await Promise.race([running, reported.promise]);
  if (early !== null) return early;

  async function finish(into: AnswerStream): Promise<void> {
    const text = textOf(await running);
    await call.answered(text);
    into.write(event(text));
    into.end();
  }

  return eventStream((opened) => {
    stream = opened;
    call.opened(opened);
    for (const text of waiting) opened.write(text);
    if (isLetGo) opened.end();
    void finish(opened);
  });
}
