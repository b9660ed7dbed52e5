import { z } from "zod";
import type { AnswerStream, RawAnswer, StreamedAnswer } from "../../../engines/inbound/inbound.ts";
import { LogLevel, type Line } from "../conversation.ts";
import type { Heard } from "../era.ts";
import {
  errorAnswer,
  plainAnswer,
  resultAnswer,
  RpcError,
  rpcCode,
  type RpcMessage,
  type RpcRequest,
} from "../json-rpc.ts";
import { leavingCancels } from "../leaving.ts";
import { negotiated } from "../legacy-era.ts";
import { callStream, progressTokenOf, progressUnder, type Outlet } from "./call-stream.ts";
import { notificationOf } from "./event.ts";
import type { House } from "./house.ts";
import { logLevelOf, setLogLevel } from "./log-level.ts";
import { agreedWith, type Session } from "./session.ts";
import { sessionSubscriptions, subscriptionsMax, subscriptionTo } from "./subscription.ts";
import { within, type Manner, type Visit } from "./visit.ts";

/** The first revision whose clients come back for the rest of a stream that ended early. */
const pollingSince = "2025-11-25";

const CancelledParams = z.object({ requestId: z.union([z.string(), z.number()]) });
const UriParams = z.object({ uri: z.string() });

/** `initialize`: what is agreed becomes a session, whose id the client names from then on. */
export function initialized(house: House, visit: Visit, message: RpcRequest): Promise<RawAnswer> {
  return within(house, visit, { caller: visit.request, id: message.id }, async (heard) => {
    const answer = await house.era.answer(message, heard);
    const { principal, narrowing } = visit.guest;
    const agreed = agreedWith(message.params, negotiated(message.params), narrowing);
    const session = await house.sessions.begin(principal, agreed);
    if (session === undefined) return answer;
    return { ...answer, headers: { ...answer.headers, "mcp-session-id": session.id } };
  });
}

/** A message of a session, answered as JSON; 202 to notifications. */
export async function sessionAnswer(
  house: House,
  visit: Visit & { readonly session: Session },
  message: RpcMessage,
  outlet?: Outlet,
): Promise<RawAnswer> {
  const { session } = visit;
  const { id } = message;
  if (id === undefined) {
    await notified(house, session, message);
    return plainAnswer(202, "");
  }
  const call = house.calls.begin(session, id);
  if (call === undefined) return errorAnswer(429, id, tooMany);
  try {
    const manner = { caller: call, id, ...toldBy(house, message, outlet, session) };
    return await within(house, visit, manner, (heard) =>
      inSession(house, session, { ...message, id }, heard),
    );
  } finally {
    call.end();
  }
}

const tooMany = new RpcError(429, "Too many calls of this session are under way.", {
  hint: "Wait for some of them to be answered.",
});

async function notified({ calls }: House, session: Session, { method, params }: RpcMessage): Promise<void> {
  if (method !== "notifications/cancelled") return;
  const cancelling = CancelledParams.safeParse(params);
  if (cancelling.success) await calls.cancel(session, cancelling.data.requestId);
}

/** How a call sends more than its answer, as far as it does and somebody listens. */
function toldBy(
  house: House,
  message: RpcMessage,
  outlet: Outlet | undefined,
  session: Session | undefined,
): Pick<Manner, "progress" | "line"> {
  if (outlet === undefined) return {};
  const token = progressTokenOf(message);
  const { send } = outlet;
  return {
    ...(token !== undefined && { progress: progressUnder(token, house.engines.clock, send) }),
    ...(house.methods.converses(message) && {
      line: (signal: AbortSignal) => lineOf(house, outlet, session, signal),
    }),
  };
}

function lineOf(house: House, outlet: Outlet, session: Session | undefined, signal: AbortSignal): Line {
  const { send, letGo } = outlet;
  const tell = (method: string, params: object): void => send(notificationOf(method, params));
  if (session === undefined) return { tell, letGo };
  return {
    tell,
    letGo,
    session: {
      capabilities: session.capabilities,
      logLevel: () => logLevelOf(session, house.engines),
      ask: (question) => house.questions.ask(session, question, { send, signal }),
    },
  };
}

const SetLevelParams = z.object({ level: LogLevel });

async function inSession(
  house: House,
  session: Session,
  message: RpcRequest,
  heard: Heard,
): Promise<RawAnswer> {
  const { id, method, params } = message;
  if (method !== "logging/setLevel" || !house.converses) return subscribing(house, session, message, heard);
  const asked = SetLevelParams.safeParse(params);
  if (!asked.success)
    return errorAnswer(
      200,
      id,
      new RpcError(rpcCode.invalidParams, `Say which level: ${LogLevel.options.join(", ")}.`),
    );
  await setLogLevel(session, asked.data.level, house.engines);
  return resultAnswer(id, "{}");
}

async function subscribing(
  house: House,
  session: Session,
  message: RpcRequest,
  heard: Heard,
): Promise<RawAnswer> {
  const { id, method, params } = message;
  if (method !== "resources/subscribe" && method !== "resources/unsubscribe")
    return house.era.answer(message, heard);
  const asked = UriParams.safeParse(params);
  if (!asked.success) return errorAnswer(200, id, new RpcError(rpcCode.invalidParams, "Say which uri."));
  const { uri } = asked.data;
  const subscriptions = sessionSubscriptions(session, house.engines);
  try {
    if (method === "resources/unsubscribe") await subscriptions.remove(uri);
    else {
      const subscription = await subscriptionTo(uri, heard.caller, house.methods);
      const others = (await subscriptions.list()).filter((other) => other.uri !== uri);
      if (others.length >= subscriptionsMax) throw tooManySubscriptions;
      await subscriptions.save(subscription);
    }
    return resultAnswer(id, "{}");
  } catch (error) {
    if (error instanceof RpcError) return errorAnswer(200, id, error);
    throw error;
  }
}

const tooManySubscriptions = new RpcError(429, `A session follows at most ${subscriptionsMax} resources.`, {
  hint: "Unsubscribe from some first.",
});

/**
 * A call of a client that wants to be told how it goes on and takes event streams. In a session the call goes on when
 * its stream breaks, and its answer is kept; without one, closing the stream cancels the call.
 */
export function streamedCall(
  house: House,
  visit: Visit,
  message: RpcRequest,
): Promise<RawAnswer | StreamedAnswer> {
  const { session, guest } = visit;
  const stream = house.answers.newStream();
  return callStream({
    run: (outlet) => {
      if (session !== undefined) return sessionAnswer(house, { ...visit, session }, message, outlet);
      const manner = {
        caller: leavingCancels(visit.request),
        id: message.id,
        ...toldBy(house, message, outlet, undefined),
      };
      return within(house, visit, manner, (heard) => house.era.answer(message, heard));
    },
    polls: session !== undefined && session.version >= pollingSince,
    opened: (opened: AnswerStream) => void house.streams.keep(opened, guest, session?.id ?? null),
    eventId: (n) => (session === undefined ? undefined : `c-${stream}-${n}`),
    answered: async (text) => {
      if (session !== undefined) await house.answers.keep(session, stream, text, message.id);
    },
  });
}
