import { RpcError } from "../json-rpc.ts";
import type { Methods } from "../methods.ts";
import type { Viewer } from "../view.ts";
import { digestOf, type Subscription, type Subscriptions } from "./subscription.ts";
import type { Activity } from "./workspace-activity.ts";
import type { Engines } from "../../../registry/engines.ts";

const lookEveryMs = 2_000;

export type Following = {
  readonly subscriptions: Subscriptions;
  readonly activity: Activity;
  /** As of now: what may no longer be read is no longer told of. */
  viewer(): Viewer;
  /** What the client was told up to then arrived; later news are told again. null = it heard all that it was told. */
  readonly heardUntil: number | null;
  /** `at` rises from news to news. */
  told(uri: string, at: number): void;
};

/**
 * Tells, some seconds late, of each document that it has changed since the client last knew of it. A document is read
 * again only when something happened that could have changed it. Returns how to stop.
 */
export function follow(
  following: Following,
  methods: Methods,
  engines: Pick<Engines, "clock" | "log">,
): () => void {
  const { subscriptions, activity, heardUntil } = following;
  const seen = new Map<string, string>();
  let isStopped = false;
  let timer: NodeJS.Timeout;
  let latest = 0;

  function moment(): number {
    latest = Math.max(latest + 1, engines.clock.now());
    return latest;
  }

  async function look(it: Subscription): Promise<void> {
    const follows = methods.follows(it.uri);
    const stamp = follows === undefined ? "" : activity.stamp(follows);
    const known = seen.get(it.uri);
    if (known === undefined && heardUntil !== null && it.toldAt > heardUntil)
      following.told(it.uri, moment());
    if (known === stamp) return;
    seen.set(it.uri, stamp);
    const digest = await currentDigest(it.uri, following.viewer(), methods);
    if (digest === it.digest || isStopped) return;
    const toldAt = moment();
    await subscriptions.save({ ...it, digest, toldAt });
    following.told(it.uri, toldAt);
  }

  async function lookAtAll(): Promise<void> {
    for (const it of await subscriptions.list()) {
      if (isStopped) return;
      await look(it);
    }
  }

  function again(afterMs: number): void {
    timer = setTimeout(() => {
      lookAtAll()
        .catch((error: unknown) => engines.log(`followed resources were not looked at: ${String(error)}`))
        .finally(() => {
          if (!isStopped) again(lookEveryMs);
        });
    }, afterMs).unref();
  }

  again(0);
  return () => {
    isStopped = true;
    clearTimeout(timer);
    activity.stop();
  };
}

/** What cannot be read any more has changed too. */
async function currentDigest(uri: string, viewer: Viewer, methods: Methods): Promise<string> {
  try {
    return await digestOf(uri, viewer, methods);
  } catch (error) {
    if (error instanceof RpcError) return `refused ${error.code}`;
    throw error;
  }
}
