import { wallClock } from "../../src/kernel/clock.ts";
import { openTrafficFile } from "../../src/engines/sqlite/traffic-file.ts";
import { sampleExchange, sampleJob } from "../../src/engines/traffic/samples.ts";
import { sqliteTraffic } from "../../src/engines/traffic/sqlite.ts";

/** Commits without end and prints the id of every exchange that was acknowledged, to be killed by a test. */
const traffic = await sqliteTraffic(await openTrafficFile(process.argv[2] ?? "", wallClock), wallClock);

async function commitForever(): Promise<void> {
  for (;;) {
    const exchange = sampleExchange();
    await traffic.journal.commit({
      exchanges: [exchange],
      jobs: [sampleJob({ id: exchange.id, exchange: exchange.id })],
    });
    process.stdout.write(`${exchange.id}\n`);
  }
}

await Promise.all(Array.from({ length: 64 }, commitForever));
