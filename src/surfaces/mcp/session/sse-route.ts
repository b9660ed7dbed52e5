import type {
  AnswerStream,
  RawAnswer,
  RawRequest,
  RawRoute,
  StreamedAnswer,
} from "../../../engines/inbound/inbound.ts";
import { Failure } from "../../../kernel/failure.ts";
import { partsOf } from "../../../kernel/target.ts";
import { errorBody, plainAnswer, RpcError, rpcCode, textOf, type RpcMessage } from "../json-rpc.ts";
import { negotiated } from "../legacy-era.ts";
import type { Guest } from "../reception.ts";
import { bodyBytesMax, incomplete, refusal } from "../refusal.ts";
import { readMessages } from "../rpc-body.ts";
import { eventOf, eventStream } from "./event.ts";
import type { House } from "./house.ts";
import { tellSession, tooManyStreams } from "./listening.ts";
import { letterLengthMax } from "./mailbox.ts";
import { sessionAnswer } from "./message.ts";
import { received, verbsOf } from "./session-route.ts";
import { agreedWith, agreeLate, type Session } from "./session.ts";

const revision = "2024-11-05";

/**
 * The transport of 2024-11-05: `GET /mcp/sse` opens the one stream of a session, whose first event says where to post;
 * what is posted there is answered 202 and its answer comes by the stream, whichever node was posted to. Clients that
 * post to `/mcp/sse` itself are served as at `/mcp`.
 */
export function sseRoutes(house: House): readonly RawRoute[] {
  const here = new Map<string, AnswerStream>();
  const streamVerbs = new Map([
    ...verbsOf(house),
    ["GET", (request: RawRequest, guest: Guest) => opened(house, here, request, guest)] as const,
  ]);
  const messageVerbs = new Map([
    ["POST", (request: RawRequest, guest: Guest) => posted(house, here, request, guest)] as const,
  ]);
  return [
    { prefix: "/mcp/sse", handle: (request) => received(house, request, streamVerbs) },
    { prefix: "/mcp/sse/message", handle: (request) => received(house, request, messageVerbs) },
  ];
}

/** Streams of this node, by session. */
type Here = Map<string, AnswerStream>;

async function opened(
  house: House,
  here: Here,
  request: RawRequest,
  guest: Guest,
): Promise<RawAnswer | StreamedAnswer> {
  if (!house.streams.hasRoom(guest.principal)) return tooManyStreams();
  const session = await house.sessions.begin(guest.principal, agreedWith({}, revision, guest.narrowing));
  if (session === undefined)
    throw new Failure("forbidden", "You have no workspace.", { hint: "Use a credential that has one." });
  return eventStream((stream) => {
    const kept = house.streams.keep(stream, guest, session.id);
    here.set(session.id, stream);
    const stop = house.mailbox.listen(
      session,
      (letter) => letter.kind === "message" && stream.write(eventOf(letter.text)),
    );
    stream.write(`event: endpoint\ndata: ${basePath(house)}/mcp/sse/message?sessionId=${session.id}\n\n`);
    tellSession(house, { request, guest, session, kept, stream }, null);
    const close = (): void => {
      stop();
      here.delete(session.id);
      house.sessions
        .end(guest.principal, session.id)
        .catch((error: unknown) => house.engines.log(`an MCP session was not ended: ${String(error)}`));
    };
    if (stream.over.aborted) close();
    else stream.over.addEventListener("abort", close, { once: true });
  });
}

/** Of a server that is reached below a path. */
function basePath({ engines }: House): string {
  return new URL(engines.settings.publicUrl).pathname.replace(/\/$/, "");
}

async function posted(house: House, here: Here, request: RawRequest, guest: Guest): Promise<RawAnswer> {
  const id = new URLSearchParams(partsOf(request.target).query).get("sessionId");
  if (id === null) return refusal(400, "Say which session: post to the address that the stream began with.");
  const session = await house.sessions.find(guest, id);
  const body = await request.body(bodyBytesMax);
  if (body.kind !== "whole") return incomplete(body.kind);
  const content = readMessages(body.bytes);
  if ("batch" in content)
    throw new RpcError(rpcCode.invalidRequest, "Batches are not served here: send one message at a time.");
  if ("answer" in content) {
    await house.questions.answered(session, content.answer);
    return plainAnswer(202, "");
  }
  const { message } = content;
  if (message.method === "initialize") {
    const agreed = agreedWith(message.params, negotiated(message.params), session.narrowing);
    await agreeLate(guest.principal, session, agreed, house.engines);
  }
  void answerByStream(house, here, { request: lasting(request), guest, session }, message);
  return plainAnswer(202, "");
}

/** The request is answered at once; its call goes on for as long as it takes. */
function lasting(request: RawRequest): RawRequest {
  const { method, target, headers, remoteAddress, receivedAt } = request;
  return {
    method,
    target,
    headers,
    remoteAddress,
    receivedAt,
    header: (name) => request.header(name),
    signal: new AbortController().signal,
    body: (max) => request.body(max),
  };
}

async function answerByStream(
  house: House,
  here: Here,
  visit: { readonly request: RawRequest; readonly guest: Guest; readonly session: Session },
  message: RpcMessage,
): Promise<void> {
  const { session } = visit;
  const send = async (text: string): Promise<void> => {
    if (here.get(session.id)?.write(eventOf(text)) === true) return;
    await house.mailbox.post(session, {
      kind: "message",
      text: text.length > letterLengthMax ? tooLong(message) : text,
    });
  };
  const failed = (error: unknown): void =>
    house.engines.log(`an answer did not reach the stream of its session: ${String(error)}`);
  try {
    const outlet = { send: (text: string) => void send(text).catch(failed), letGo: () => {} };
    const text = textOf(await sessionAnswer(house, visit, message, outlet));
    if (text !== "") await send(text);
  } catch (error) {
    failed(error);
  }
}

function tooLong({ id = null }: { readonly id?: string | number | null | undefined }): string {
  return errorBody(
    id,
    new RpcError(413, "The answer is too long for this transport.", { hint: "Ask for less." }),
  );
}
