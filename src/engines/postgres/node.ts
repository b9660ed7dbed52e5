import { setTimeout as sleep } from "node:timers/promises";
import { randomText } from "../../kernel/id.ts";
import { openDatabase, type Database } from "./database.ts";
import { openListener, type Listener } from "./listener.ts";

/** What the engines of one process share of one PostgreSQL database. Any number of processes may work on it. */
export type Node = {
  /** Random, new at each start: whose claims and leases are whose. */
  readonly id: string;
  /** For questions and changes of configuration. */
  readonly database: Database;
  /**
   * For questions that walk an index to their first rows, asked by `askPlanned`: planned once a connection whatever their
   * values, since planning takes longer than they do.
   */
  readonly walking: Database;
  /** For the write path of traffic, which questions must not delay. */
  readonly writing: Database;
  /** For work that takes minutes, one at a time. */
  readonly upkeep: Database;
  /** For short looks that must not wait behind anything, and give up soon: the change feed. */
  readonly watching: Database;
  readonly listener: Listener;
  /**
   * Tells the other nodes, and this one, soon and without a promise: payloads of one channel within some milliseconds go
   * out together, each once, and are lost when PostgreSQL cannot be reached. They are told outside of any transaction,
   * since committing transactions that notify wait for each other.
   */
  announce(channel: Channel, payload: string): void;
  readonly log: (line: string) => void;
  close(): Promise<void>;
};

/**
 * `records`: records changed. `jobs`: jobs of the lane in the payload may be claimable. `exchanges`: exchanges were
 * committed. `content`: of the exchange in the payload, the content changed.
 */
export const channels = ["sluice_records", "sluice_jobs", "sluice_exchanges", "sluice_content"] as const;
export type Channel = (typeof channels)[number];

export type NodeTerms = {
  readonly url: string;
  readonly log: (line: string) => void;
};

/** PostgreSQL's own limit is 8,000 bytes a payload. */
const payloadCharactersMax = 2_000;
const announceEveryMs = 20;
const payloadsWaitingMax = 1_000;

const readingConnections = 6;
const walkingConnections = 3;
const writingConnections = 4;
const readMs = 30_000;
/** Whoever waits for a commit is told of a failure within 5 s. */
const writeMs = 3_500;
const upkeepConnections = 1;
const upkeepMs = 600_000;
const watchingConnections = 1;
const watchMs = 1_500;
/** At most, the one that listens included. */
export const connectionsPerNode =
  readingConnections + walkingConnections + writingConnections + upkeepConnections + watchingConnections + 1;

/**
 * Of connections whose statements are planned once, often while the tables are empty; all of them walk an index, often not
 * to its end.
 */
const indexWalks = { enable_seqscan: "off", enable_bitmapscan: "off" };

export function openNode({ url, log }: NodeTerms): Node {
  const id = randomText(12);
  const database = openDatabase({
    url,
    name: `sluice ${id} reads`,
    connections: readingConnections,
    statementMs: readMs,
    // Both take longer to set up than our questions take: what is asked of many partitions looks costlier than it is.
    // All rows of a cursor are wanted, so that the planner is not to go for the first.
    settings: { jit: "off", max_parallel_workers_per_gather: "0", cursor_tuple_fraction: "1" },
  });
  const walking = openDatabase({
    url,
    name: `sluice ${id} walks`,
    connections: walkingConnections,
    statementMs: readMs,
    settings: { ...indexWalks, plan_cache_mode: "force_generic_plan" },
  });
  const writing = openDatabase({
    url,
    name: `sluice ${id} writes`,
    connections: writingConnections,
    statementMs: writeMs,
    settings: indexWalks,
  });
  const upkeep = openDatabase({
    url,
    name: `sluice ${id} upkeep`,
    connections: upkeepConnections,
    statementMs: upkeepMs,
  });
  const watching = openDatabase({
    url,
    name: `sluice ${id} watches`,
    connections: watchingConnections,
    statementMs: watchMs,
  });
  const pools = [database, walking, writing, upkeep, watching];
  const lost = (): void => pools.forEach((pool) => pool.renew());
  const listener = openListener({ url, name: `sluice ${id} listens`, channels, lost, log });
  const announcer = announcing(database);
  return {
    id,
    database,
    walking,
    writing,
    upkeep,
    watching,
    listener,
    announce: announcer.announce,
    log,
    async close() {
      await announcer.close();
      await listener.close();
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}

function announcing(database: Database) {
  const waiting = new Map<string, readonly [Channel, string]>();
  let sending: Promise<void> | undefined;

  const send = async (): Promise<void> => {
    while (waiting.size > 0) {
      const all = [...waiting.values()];
      waiting.clear();
      const told = all.map(([channel, payload]) => ({ channel, payload }));
      await database
        .query(
          "select pg_notify(channel, payload) from json_to_recordset($1) as told (channel text, payload text)",
          [JSON.stringify(told)],
          "announce",
        )
        // Nobody may rely on it: those who would have heard look by themselves now and then.
        .catch(() => {});
      await sleep(announceEveryMs);
    }
    sending = undefined;
  };

  return {
    announce(channel: Channel, payload: string) {
      if (waiting.size >= payloadsWaitingMax) return;
      const fits = payload.length <= payloadCharactersMax ? payload : "";
      waiting.set(`${channel} ${fits}`, [channel, fits]);
      sending ??= send();
    },
    async close() {
      await sending;
    },
  };
}
