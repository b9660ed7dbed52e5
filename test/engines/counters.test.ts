import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countersConformance } from "../../src/engines/counters/conformance.ts";
import { sqliteCounters } from "../../src/engines/counters/sqlite.ts";

countersConformance("SQLite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-counters-"));
  return {
    open: async (clock) => sqliteCounters(join(folder, "counters.db"), clock),
    remove: () => rm(folder, { recursive: true }),
  };
});
