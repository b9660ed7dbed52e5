import type { RawAnswer, RawRequest, RawRoute, StreamedAnswer } from "../../../engines/inbound/inbound.ts";
import { plainAnswer, RpcError, rpcCode, type RpcAnswer, type RpcMessage } from "../json-rpc.ts";
import { senderOf } from "../leaving.ts";
import type { Guest } from "../reception.ts";
import { bodyBytesMax, incomplete, refusal, refused } from "../refusal.ts";
import { readMessages, takesNoAnswers } from "../rpc-body.ts";
import { batchAnswer, batchRevision } from "./batch.ts";
import { progressTokenOf } from "./call-stream.ts";
import { resource, type House } from "./house.ts";
import { listened, sessionStream } from "./listening.ts";
import { initialized, sessionAnswer, streamedCall } from "./message.ts";
import { SessionLost, type Session } from "./session.ts";
import { within, type Visit } from "./visit.ts";

type Answer = RawAnswer | StreamedAnswer;
type Verb = (request: RawRequest, guest: Guest) => Promise<Answer>;

/**
 * `/mcp`: Streamable HTTP with sessions for 2025-03-26 to 2025-11-25, and 2026-07-28 without. A request that names no
 * session, and begins none, is served all the same. `GET` is the stream of a session and `DELETE` ends it.
 */
export function sessionRoute(house: House): RawRoute {
  return { prefix: resource, handle: (request) => received(house, request, verbsOf(house)) };
}

/** How Streamable HTTP answers each method. */
export function verbsOf(house: House): ReadonlyMap<string, Verb> {
  return new Map<string, Verb>([
    ["POST", (request, guest) => posted(house, request, guest)],
    ["GET", (request, guest) => streamed(house, request, guest)],
    ["DELETE", (request, guest) => ended(house, request, guest)],
  ]);
}

/** Asks who a request is from before anything else is done for it. */
export async function received(
  { enabled, desk, engines }: House,
  request: RawRequest,
  verbs: ReadonlyMap<string, Verb>,
): Promise<Answer> {
  if (!enabled) return refusal(404, "The MCP server is turned off.");
  const verb = verbs.get(request.method);
  if (verb === undefined)
    return refusal(405, `${request.method} is not served here.`, { allow: [...verbs.keys()].join(", ") });
  const requestId = desk.nextId();
  try {
    return await verb(request, await desk.admit(request, requestId, resource));
  } catch (error) {
    if (error instanceof SessionLost) return lost(error);
    const authorization = request.header("authorization");
    return refused(error, { requestId, resource, authorization, id: null }, engines);
  }
}

function lost({ message, code }: SessionLost): RawAnswer {
  return {
    ...refusal(404, message),
    body: JSON.stringify({ jsonrpc: "2.0", id: null, error: { code, message } }),
  };
}

async function posted(house: House, request: RawRequest, guest: Guest): Promise<Answer> {
  const body = await request.body(bodyBytesMax);
  if (body.kind !== "whole") return incomplete(body.kind);
  const content = readMessages(body.bytes);
  if ("batch" in content) return batched(house, { request, guest }, content.batch);
  if ("answer" in content) return answeredBy(house, request, guest, content.answer);
  const read = content.message;
  const outside: Visit = { request, guest, session: undefined };
  const heard = house.desk.heard(request, guest, request);
  if (house.era.listens(read, heard)) return listened(house, outside, read);
  const { id } = read;
  const isModern = house.era.isModern(read, heard);
  if (!isModern && read.method === "initialize" && id !== undefined)
    return initialized(house, outside, { ...read, id });
  const session = isModern ? undefined : await sessionOf(house, request, guest);
  return eitherAnswer(house, { request, guest, session }, read);
}

/** As a stream when the call may send more than its answer and its client takes events. */
async function eitherAnswer(house: House, visit: Visit, message: RpcMessage): Promise<Answer> {
  const { id } = message;
  const { streams, methods } = house;
  const saysMore = progressTokenOf(message) !== undefined || methods.converses(message);
  if (id === undefined || !saysMore || !takesEvents(visit.request) || !streams.hasRoom(visit.guest.principal))
    return oneAnswer(house, visit, message);
  return streamedCall(house, visit, { ...message, id });
}

async function answeredBy(
  house: House,
  request: RawRequest,
  guest: Guest,
  answer: RpcAnswer,
): Promise<RawAnswer> {
  const session = await sessionOf(house, request, guest);
  if (session === undefined) throw takesNoAnswers();
  await house.questions.answered(session, answer);
  return plainAnswer(202, "");
}

function oneAnswer(house: House, visit: Visit, message: RpcMessage): Promise<RawAnswer> {
  const { session, request } = visit;
  if (session !== undefined) return sessionAnswer(house, { ...visit, session }, message);
  return within(house, visit, { caller: senderOf(request), id: message.id ?? null }, (heard) =>
    house.era.answer(message, heard),
  );
}

async function batched(
  house: House,
  { request, guest }: Omit<Visit, "session">,
  batch: readonly (RpcMessage | RpcError)[],
): Promise<RawAnswer> {
  const session = await sessionOf(house, request, guest);
  const revision = session?.version ?? request.header("mcp-protocol-version") ?? batchRevision;
  if (revision !== batchRevision)
    throw new RpcError(
      rpcCode.invalidRequest,
      `${revision.slice(0, 40)} has no batches: send one request at a time.`,
    );
  return batchAnswer(batch, (message) => oneAnswer(house, { request, guest, session }, message));
}

/** Whether an answer may come as events. Whoever does not say so wants JSON, which everybody can read. */
function takesEvents(request: RawRequest): boolean {
  return request.header("accept")?.includes("text/event-stream") === true;
}

async function sessionOf(house: House, request: RawRequest, guest: Guest): Promise<Session | undefined> {
  const id = request.header("mcp-session-id");
  return id === undefined ? undefined : house.sessions.find(guest, id);
}

async function streamed(house: House, request: RawRequest, guest: Guest): Promise<Answer> {
  const session = await sessionOf(house, request, guest);
  if (session === undefined)
    return refusal(405, "Streams belong to a session: name it in Mcp-Session-Id.", { allow: "POST" });
  return sessionStream(house, { request, guest, session });
}

async function ended(house: House, request: RawRequest, guest: Guest): Promise<Answer> {
  const session = await sessionOf(house, request, guest);
  if (session === undefined)
    return refusal(405, "There is nothing to end: name a session in Mcp-Session-Id.", { allow: "POST" });
  await house.sessions.end(guest.principal, session.id);
  house.streams.endSession(session.id);
  return plainAnswer(204, "");
}
