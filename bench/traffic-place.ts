import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNode } from "../src/engines/postgres/node.ts";
import { openTrafficFile } from "../src/engines/sqlite/traffic-file.ts";
import { postgresTraffic } from "../src/engines/traffic/postgres.ts";
import { sqliteTraffic } from "../src/engines/traffic/sqlite.ts";
import type { Traffic } from "../src/engines/traffic/traffic.ts";
import { wallClock } from "../src/kernel/clock.ts";
import { trafficDatabase } from "../test/engines/traffic-database.ts";
import { startPostgres, type PostgresServer } from "../test/postgres-server.ts";
import { childrenUs } from "./children-cpu.ts";

/** A new database for traffic, of one kind. */
export type TrafficPlace = {
  open(): Promise<Traffic>;
  /** CPU that processes other than this one have used for it so far, in us. */
  serverUs(): number;
  remove(): Promise<void>;
};

export async function sqlitePlace(): Promise<TrafficPlace> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-journal-"));
  return {
    open: async () => sqliteTraffic(await openTrafficFile(join(folder, "traffic.db"), wallClock), wallClock),
    serverUs: () => 0,
    remove: () => rm(folder, { recursive: true }),
  };
}

export type Spent = {
  readonly seconds: number;
  /** Of this process, its threads included. */
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly serverUs: number;
};

/** What `work` takes on a new database. */
export async function spentOn(
  makePlace: () => Promise<TrafficPlace>,
  work: (traffic: Traffic) => Promise<unknown>,
): Promise<Spent> {
  const { open, serverUs, remove } = await makePlace();
  const traffic = await open();
  const began = performance.now();
  const server = serverUs();
  const [cpu, main] = [process.cpuUsage(), process.threadCpuUsage()];
  await work(traffic);
  const [all, own] = [process.cpuUsage(cpu), process.threadCpuUsage(main)];
  const spent = {
    seconds: (performance.now() - began) / 1_000,
    cpuUs: all.user + all.system,
    mainUs: own.user + own.system,
    serverUs: serverUs() - server,
  };
  await traffic.close();
  await remove();
  return spent;
}

let server: Promise<PostgresServer> | undefined;

/** On a server with fsync that all places of this process share. */
export async function postgresPlace(): Promise<TrafficPlace> {
  server ??= startPostgres({ durable: true });
  const { pid } = await server;
  const url = await trafficDatabase(await server);
  return {
    async open() {
      const node = openNode({ url, log: (line) => process.stderr.write(`${line}\n`) });
      const traffic = await postgresTraffic(node, wallClock);
      return { ...traffic, close: () => traffic.close().then(() => node.close()) };
    },
    serverUs: () => childrenUs(pid),
    remove: async () => {},
  };
}
