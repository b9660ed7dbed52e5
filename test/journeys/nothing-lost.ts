import assert from "node:assert/strict";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import type { Ask } from "./asking.ts";
import type { Tables } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { isReady } from "./server-process.ts";
import type { Target } from "./target.ts";

/** Where a fault was: the server that went through it, what it has stored, and where it delivers. */
export type Scene = {
  readonly server: { readonly url: string; readonly ask: Ask };
  readonly tables: Tables;
  readonly target: Pick<Target, "times">;
  /** How often at most a delivery was made and could not be recorded, of each event; once unless given. */
  readonly unrecordedMax?: number;
  /** What the account is asked for; the last 24 hours unless given. */
  readonly window?: { readonly since: string; readonly until: string };
};

type Account = Awaited<ReturnType<typeof accountFor>>;

/**
 * What holds after every fault, once the server got over it by itself: it is ready; what it acknowledged is stored; every
 * event is accounted for and ended as delivered or as a duplicate; the target has seen each at most one time more than
 * is recorded, or `unrecordedMax` times; the database is whole.
 */
export async function assertNothingLost(scene: Scene, acknowledged: Iterable<string>): Promise<Account> {
  const account = await settled(scene);
  assert.equal(account.failed, 0);
  assert.equal(account.delivered + account.duplicate + account.rejected, account.received);
  const stored = await assertStored(scene, acknowledged);
  const delivered = [...stored].filter(([event]) => scene.target.times(event) > 0);
  assert.ok(delivered.length >= account.delivered, `${delivered.length} of ${account.delivered} were seen`);
  return account;
}

/** The part of it that holds also where targets are still to take their deliveries. */
export async function assertStored(
  { server, tables, target, unrecordedMax = 1 }: Scene,
  acknowledged: Iterable<string>,
): Promise<ReadonlyMap<string, number>> {
  await eventually("readiness", async () => ((await isReady(server.url)) ? true : undefined));
  const stored = await tables.events();
  for (const id of acknowledged) assert.ok(stored.has(id), `${id} was acknowledged and is not stored`);
  for (const [event, attempts] of stored) {
    const times = target.times(event);
    assert.ok(times <= attempts + unrecordedMax, `${event}: ${times} deliveries, ${attempts} recorded`);
  }
  assert.equal(await tables.damage(), undefined);
  return stored;
}

/** The account of everything once nothing is pending. Nothing is ever missing from it. */
export function settled(scene: Pick<Scene, "server" | "window">): Promise<Account> {
  return eventually("an account without pending events", async () => {
    const account = await accountFor(scene);
    return account.pending === 0 ? account : undefined;
  });
}

/** The account of everything. Nothing is missing from it. */
export async function accountFor({ server, window }: Pick<Scene, "server" | "window">) {
  const account = await server.ask(accountForWebhooks, { ...window });
  assert.equal(account.remainder, 0, `unaccounted: ${account.unaccounted.join()}`);
  return account;
}
