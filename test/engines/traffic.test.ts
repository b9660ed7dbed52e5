import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNode } from "../../src/engines/postgres/node.ts";
import { openTrafficFile } from "../../src/engines/sqlite/traffic-file.ts";
import { trafficConformance } from "../../src/engines/traffic/conformance.ts";
import { postgresTraffic } from "../../src/engines/traffic/postgres.ts";
import type { Opened } from "../../src/engines/traffic/promised.ts";
import { testClock, type TestClock } from "../../src/engines/traffic/samples.ts";
import { sqliteTraffic } from "../../src/engines/traffic/sqlite.ts";
import type { Traffic } from "../../src/engines/traffic/traffic.ts";
import { emptyTrafficDatabase } from "./traffic-database.ts";

/** Somewhere empty to keep traffic, where it can be opened any number of times. */
type Place = {
  open(clock: TestClock): Promise<Traffic & { end(): Promise<void> }>;
  remove(): Promise<void>;
};

const places: Readonly<Record<string, () => Promise<Place>>> = { sqlite, postgres };

async function sqlite(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "traffic-"));
  return {
    async open(clock) {
      const traffic = await sqliteTraffic(await openTrafficFile(join(folder, "traffic.db"), clock), clock);
      return { ...traffic, end: () => traffic.close() };
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

async function postgres(): Promise<Place> {
  const url = await emptyTrafficDatabase();
  return {
    async open(clock) {
      const node = openNode({ url, log: (line) => process.stderr.write(`${line}\n`) });
      const traffic = await postgresTraffic(node, clock);
      return {
        ...traffic,
        async end() {
          await traffic.close();
          await node.close();
        },
      };
    },
    remove: async () => {},
  };
}

async function opened(make: () => Promise<Place>): Promise<Opened> {
  const place = await make();
  const clock = testClock();
  const traffic = await place.open(clock);
  let current = traffic;
  return {
    traffic,
    clock,
    async reopen() {
      await current.end();
      current = await place.open(clock);
      return current;
    },
    async dispose() {
      await current.end();
      await place.remove();
    },
  };
}

for (const [name, make] of Object.entries(places)) trafficConformance(`${name} traffic`, () => opened(make));
