import { SERVER_INFO_META_KEY, SUBSCRIPTION_ID_META_KEY } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { AnswerStream, RawAnswer, StreamedAnswer } from "../../../engines/inbound/inbound.ts";
import { errorAnswer, parseParams, plainAnswer, RpcError, type RpcRequest } from "../json-rpc.ts";
import { narrowed } from "../narrowing.ts";
import { refuseSeveral } from "../one-workspace.ts";
import type { Viewer } from "../view.ts";
import { eventOf, eventStream, notificationOf } from "./event.ts";
import { follow } from "./following.ts";
import type { House } from "./house.ts";
import type { Kept } from "./kept-streams.ts";
import type { Session } from "./session.ts";
import {
  sessionSubscriptions,
  streamSubscriptions,
  subscriptionsMax,
  subscriptionTo,
  type Subscription,
} from "./subscription.ts";
import { guestOf, within, type Visit } from "./visit.ts";

const eventIdPattern = /^(?:g-(?<moment>[0-9a-z]{1,12})|c-(?<stream>\w{16})-\d{1,9})$/;

/** What a client heard last, by the id of that event. */
type Heardof =
  | { readonly kind: "news"; readonly until: number }
  | { readonly kind: "call"; readonly stream: string };

function lastHeard(id: string | undefined): Heardof | undefined {
  const { moment, stream } = eventIdPattern.exec(id ?? "")?.groups ?? {};
  if (moment !== undefined) return { kind: "news", until: Number.parseInt(moment, 36) };
  return stream === undefined ? undefined : { kind: "call", stream };
}

/**
 * `GET` in a session: the news of what it subscribed to. With the id of the last event heard, news that came later are
 * told again; or the answer of the call is awaited whose stream broke.
 */
export function sessionStream(
  house: House,
  visit: Visit & { readonly session: Session },
): RawAnswer | StreamedAnswer {
  const { guest, session } = visit;
  if (!house.streams.hasRoom(guest.principal)) return tooManyStreams();
  const heard = lastHeard(visit.request.header("last-event-id"));
  return eventStream((stream) => {
    const kept = house.streams.keep(stream, guest, session.id);
    if (heard?.kind === "call") void resume(house, session, heard.stream, stream);
    else tellSession(house, { ...visit, kept, stream }, heard?.until ?? null);
  });
}

export function tooManyStreams(): RawAnswer {
  return errorAnswer(
    429,
    null,
    new RpcError(429, "Too many streams are open for this credential.", { hint: "Close one of them." }),
  );
}

async function resume(house: House, session: Session, of: string, stream: AnswerStream): Promise<void> {
  const text = await house.answers.wait(session, of, stream.over).catch((error: unknown) => {
    house.engines.log(`the answer of a broken stream was not read: ${String(error)}`);
  });
  if (typeof text === "string") stream.write(eventOf(text, `c-${of}-0`));
  stream.end();
}

type Open = { readonly stream: AnswerStream; readonly kept: Kept };

/** Tells a session's stream what changed of what it subscribed to. */
export function tellSession(
  house: House,
  visit: Visit & Open & { readonly session: Session },
  heardUntil: number | null,
): void {
  const { stream, session } = visit;
  const stop = follow(
    {
      subscriptions: sessionSubscriptions(session, house.engines),
      activity: house.activityIn(session.follows),
      viewer: () => viewerOf(house, visit),
      heardUntil,
      told: (uri, at) =>
        void stream.write(
          eventOf(notificationOf("notifications/resources/updated", { uri }), `g-${at.toString(36)}`),
        ),
    },
    house.methods,
    house.engines,
  );
  stream.over.addEventListener("abort", stop, { once: true });
  if (stream.over.aborted) stop();
}

function viewerOf(house: House, { request, guest, session, kept, stream }: Visit & Open): Viewer {
  const asWhom = guestOf({ request, session, guest: { ...guest, principal: kept.principal } });
  return house.desk.heard(request, asWhom, { signal: stream.over }).caller;
}

const ListenParams = z.object({
  notifications: z.object({
    resourceSubscriptions: z.array(z.string()).max(subscriptionsMax).default([]),
  }),
});

/**
 * `subscriptions/listen` of 2026-07-28: first which of the documents asked for can be followed, then the news of them,
 * until either side ends it. Lists never change here, so nothing is promised of them.
 */
export async function listened(
  house: House,
  visit: Visit,
  message: RpcRequest,
): Promise<RawAnswer | StreamedAnswer> {
  if (!house.streams.hasRoom(visit.guest.principal)) return tooManyStreams();
  let granted: readonly Subscription[] = [];
  const verdict = await within(house, visit, { caller: visit.request, id: message.id }, async (heard) => {
    const { notifications } = parseParams(ListenParams, message.params);
    const uris = notifications.resourceSubscriptions;
    if (uris.length > 0) refuseSeveral(heard.caller.principal);
    granted = await followable(house, heard.caller, uris);
    return plainAnswer(200, "");
  });
  return verdict.status === 200 ? newsStream(house, visit, message, granted) : verdict;
}

/** Of the documents asked for, those that can be followed and that the caller may read. */
async function followable(
  house: House,
  viewer: Viewer,
  uris: readonly string[],
): Promise<readonly Subscription[]> {
  const subscriptions: Subscription[] = [];
  for (const uri of new Set(uris)) {
    try {
      subscriptions.push(await subscriptionTo(uri, viewer, house.methods));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }
  return subscriptions;
}

function newsStream(
  house: House,
  visit: Visit,
  { id }: RpcRequest,
  granted: readonly Subscription[],
): StreamedAnswer {
  const mark = { [SUBSCRIPTION_ID_META_KEY]: id };
  const tell = (stream: AnswerStream, method: string, params: object): boolean =>
    stream.write(eventOf(notificationOf(method, { ...params, _meta: mark })));
  return eventStream((stream) => {
    const kept = house.streams.keep(stream, visit.guest, null);
    const resourceSubscriptions = granted.map(({ uri }) => uri);
    tell(stream, "notifications/subscriptions/acknowledged", {
      notifications: granted.length === 0 ? {} : { resourceSubscriptions },
    });
    const [workspace] = narrowed(visit.guest.principal, visit.guest.narrowing).workspaces.keys();
    if (granted.length === 0 || workspace === undefined) {
      const meta = { ...mark, [SERVER_INFO_META_KEY]: house.serverInfo };
      const result = { resultType: "complete", _meta: meta };
      stream.write(eventOf(JSON.stringify({ jsonrpc: "2.0", id, result })));
      stream.end();
      return;
    }
    // Another workspace that its person gains does not make the documents of this one ambiguous.
    const bound = { ...visit.guest, narrowing: { ...visit.guest.narrowing, workspace } };
    const stop = follow(
      {
        subscriptions: streamSubscriptions(granted),
        activity: house.activityIn(workspace),
        viewer: () => viewerOf(house, { ...visit, guest: bound, kept, stream }),
        heardUntil: null,
        told: (uri) => void tell(stream, "notifications/resources/updated", { uri }),
      },
      house.methods,
      house.engines,
    );
    stream.over.addEventListener("abort", stop, { once: true });
    if (stream.over.aborted) stop();
  });
}
