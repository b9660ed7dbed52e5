import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../kernel/clock.ts";
import { commitOrder } from "../postgres/commit-order.ts";
import type { Node } from "../postgres/node.ts";
import { partitions } from "../postgres/partitions.ts";
import { Committer } from "./postgres/committer.ts";
import { groupWriter } from "./postgres/group-write.ts";
import { postgresJournal } from "./postgres/journal.ts";
import { leaseClock } from "./postgres/lease-clock.ts";
import { Numbers } from "./postgres/numbers.ts";
import { postgresQueue } from "./postgres/queue.ts";
import { postgresRecent } from "./postgres/recent.ts";
import { openSchedule } from "./postgres/schedule.ts";
import { startUpkeep } from "./postgres/upkeep.ts";
import type { Traffic } from "./traffic.ts";

/** Sums are spread over this many rows and some. */
const slots = 64;
const listeningTriesMax = 200;
const listeningTryMs = 5;

/**
 * Traffic in a PostgreSQL database that any number of nodes share, its tables made by `migrate`. Closing it gives back
 * this node's claims and leaves the node open.
 *
 * @throws Failure unavailable when PostgreSQL cannot be used
 */
export async function postgresTraffic(node: Node, clock: Clock): Promise<Traffic> {
  const order = await commitOrder(node.database);
  const leases = await leaseClock(node.database, clock);
  await listening(node);
  const write = groupWriter({
    database: node.writing,
    order,
    partitions: partitions(node.database),
    numbers: new Numbers(node.writing),
    now: () => clock.now(),
    leaseNow: () => leases.now(),
  });
  const committer = new Committer(write, slotOf(node.id));
  const recent = postgresRecent(node);
  const schedule = openSchedule(node, clock, leases);
  const upkeep = startUpkeep(node, clock, leases);
  const journal = postgresJournal({
    node,
    committer,
    recent,
    follow: (entry, written) => schedule.follow(entry, written),
  });
  return {
    journal,
    queue: postgresQueue({ node, schedule, journal, leaseClock: leases }),
    recent,
    async close() {
      await committer.drain();
      await upkeep.stop();
      await schedule.stop();
    },
  };
}

/** Once a node listens it is told that it may have missed something; who works from the first moment on has not. */
async function listening(node: Node): Promise<void> {
  for (let tries = 1; tries <= listeningTriesMax && node.listener.heardAt() === -Infinity; tries++)
    await sleep(listeningTryMs);
}

function slotOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (31 * sum + (character.codePointAt(0) ?? 0)) % slots;
  return sum;
}
