import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeConformance } from "../../src/engines/store/conformance.ts";
import { sqliteStore } from "../../src/engines/store/sqlite.ts";

storeConformance("SQLite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-store-"));
  return {
    open: async (clock) => sqliteStore(join(folder, "store.db"), clock, () => {}),
    remove: () => rm(folder, { recursive: true }),
  };
});
