import { after, before } from "node:test";
import { defaultLimits } from "../../src/engines/inbound/inbound.ts";
import { listen } from "../../src/engines/inbound/node-http.ts";
import type { Exchange } from "../../src/kernel/exchange.ts";
import type { Principal } from "../../src/kernel/principal.ts";
import { Failure } from "../../src/kernel/failure.ts";
import { traffic } from "../../src/planes/traffic/plane.ts";
import { openWorld, principalOf, type World } from "../world.ts";

export type CaptureWorld = {
  readonly world: World;
  readonly workspace: string;
  /** Where the plane listens. */
  readonly url: string;
  /** Who asks from now on; undefined = nobody who is known. */
  asks(principal: Principal | undefined): void;
  /** Whether nothing can be stored for now. */
  fills(isFull: boolean): void;
  /** What was captured, oldest first, with its content. */
  stored(kind?: string): Promise<readonly Exchange[]>;
};

/** The traffic plane over real engines, behind a real listener; who asks is said by the test. */
export function captureWorld(): () => CaptureWorld {
  let made: (CaptureWorld & { close(): Promise<void> }) | undefined;
  before(async () => (made = await open()));
  after(() => made?.close());
  return () => {
    if (made === undefined) throw new Error("not open yet");
    return made;
  };
}

async function open(): Promise<CaptureWorld & { close(): Promise<void> }> {
  const world = await openWorld();
  const workspace = await world.newWorkspace();
  let principal: Principal | undefined = principalOf(workspace, ["traffic:capture"]);
  let isFull = false;
  const { journal } = world.engines.traffic;
  const commit: typeof journal.commit = async (entry) => {
    if (isFull) throw new Failure("unavailable", "The disk is full.");
    return journal.commit(entry);
  };
  const engines = {
    ...world.engines,
    traffic: { ...world.engines.traffic, journal: { ...journal, commit } },
  };
  const { routes } = await traffic.start(engines, async () => {
    if (principal === undefined) throw new Failure("unauthenticated", "Nobody.");
    return principal;
  });
  const { clock, ledger, log } = world.engines;
  const inbound = await listen({
    host: "127.0.0.1",
    port: 0,
    routes,
    app: null,
    limits: defaultLimits,
    clock,
    log,
  });
  return {
    world,
    workspace,
    url: inbound.url,
    fills: (next) => (isFull = next),
    asks: (next) => (principal = next),
    async stored(kind) {
      const { rows } = await ledger.find({
        workspace,
        where: { plane: "traffic", ...(kind !== undefined && { kinds: [kind] }) },
        limit: 1_000,
        content: true,
      });
      return rows.toReversed();
    },
    async close() {
      await inbound.close(0);
      await world.close();
    },
  };
}
