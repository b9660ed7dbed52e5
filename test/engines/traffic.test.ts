import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTrafficFile } from "../../src/engines/sqlite/traffic-file.ts";
import { trafficConformance } from "../../src/engines/traffic/conformance.ts";
import type { Opened } from "../../src/engines/traffic/promised.ts";
import { testClock } from "../../src/engines/traffic/samples.ts";
import { sqliteTraffic } from "../../src/engines/traffic/sqlite.ts";

async function open(): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), "traffic-"));
  const clock = testClock();
  const start = async () => sqliteTraffic(await openTrafficFile(join(folder, "traffic.db"), clock), clock);
  const traffic = await start();
  let current = traffic;
  return {
    traffic,
    clock,
    async reopen() {
      await current.close();
      current = await start();
      return current;
    },
    async dispose() {
      await current.close();
      await rm(folder, { recursive: true });
    },
  };
}

trafficConformance("sqlite traffic", open);
