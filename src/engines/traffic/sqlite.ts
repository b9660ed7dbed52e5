import type { Clock } from "../../kernel/clock.ts";
import { randomText } from "../../kernel/id.ts";
import type { TrafficFile } from "../sqlite/traffic-file.ts";
import { sqliteJournal } from "./sqlite/journal.ts";
import { sqliteQueue } from "./sqlite/queue.ts";
import { sqliteRecent } from "./sqlite/recent.ts";
import { openSchedule } from "./sqlite/schedule.ts";
import type { Traffic } from "./traffic.ts";

/** Traffic in one SQLite file, for one process. Closing it closes the file. */
export async function sqliteTraffic(file: TrafficFile, clock: Clock): Promise<Traffic> {
  // Claims of an earlier process never hold in this one.
  const process = randomText(8);
  let claims = 0;
  const schedule = await openSchedule(file, clock, () => `${process}${++claims}`);
  const recent = sqliteRecent(file);
  const journal = sqliteJournal(file, schedule, recent, clock);
  return {
    journal,
    queue: sqliteQueue(file, schedule, journal, clock),
    recent,
    async close() {
      schedule.stop();
      await file.close();
    },
  };
}
