import { z } from "zod";
import { fingerprint } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { RpcError, rpcCode } from "../json-rpc.ts";
import type { Methods } from "../methods.ts";
import type { Viewer } from "../view.ts";
import { gone, writeEntries } from "./entry-writer.ts";
import type { Session } from "./session.ts";

/** Of one session, or one stream. */
export const subscriptionsMax = 50;

/** A document that a client follows, and what it last knew of it. */
const Subscription = z.object({
  uri: z.string(),
  /** Of its contents. */
  digest: z.string(),
  /** When the client was last told that it changed; 0 = never. */
  toldAt: z.int(),
});

export type Subscription = z.output<typeof Subscription>;

/** Where subscriptions are kept: with a session in the store, or with one stream in memory. */
export type Subscriptions = {
  list(): Promise<readonly Subscription[]>;
  save(subscription: Subscription): Promise<void>;
};

export function streamSubscriptions(first: readonly Subscription[]): Subscriptions {
  const byUri = new Map(first.map((it) => [it.uri, it]));
  return {
    list: async () => [...byUri.values()],
    save: async (it) => void byUri.set(it.uri, it),
  };
}

/** Any node may add one to a session, while another has the stream that tells of it. */
export function sessionSubscriptions(
  session: Session,
  engines: Pick<Engines, "store" | "clock">,
): Subscriptions & { remove(uri: string): Promise<void> } {
  const { store, clock } = engines;
  const { owner } = session;
  const collection = `mcp_subscription/${session.id}`;
  return {
    async list() {
      const entries = await store.entries.list(owner.workspace, collection, subscriptionsMax);
      return entries.map(({ value }) => Subscription.parse(value));
    },
    async save(value) {
      const expiresAt = clock.now() + keptMs;
      const entry = { collection, key: fingerprint(value.uri), value, expiresAt, mustBeNew: false };
      await writeEntries(engines, owner, [entry]);
    },
    async remove(uri) {
      await writeEntries(engines, owner, [gone(collection, fingerprint(uri), clock.now())]);
    },
  };
}

/** As long as a session can live. */
const keptMs = 7 * 24 * 3_600_000;

/**
 * A subscription to what a document says now.
 *
 * @throws RpcError invalidParams when it cannot be followed; whatever reading it answers
 */
export async function subscriptionTo(uri: string, viewer: Viewer, methods: Methods): Promise<Subscription> {
  const digest = await digestOf(uri, viewer, methods);
  if (methods.follows(uri) !== undefined) return { uri, digest, toldAt: 0 };
  throw new RpcError(rpcCode.invalidParams, "Changes of this resource cannot be followed.", {
    field: "/params/uri",
    hint: "Read it again when you need it.",
  });
}

/** What tells two states of a document apart, as this viewer reads it. */
export async function digestOf(uri: string, viewer: Viewer, methods: Methods): Promise<string> {
  return fingerprint(JSON.stringify(await methods.answer("resources/read", { uri }, viewer)));
}
