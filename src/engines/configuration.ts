import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../kernel/failure.ts";
import type { Place } from "./databases.ts";
import { openNode } from "./postgres/node.ts";
import { postgresStore } from "./store/postgres.ts";
import { sqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";

/**
 * The store alone, beside running servers or without one, where one has been before. What is written to files reaches a
 * server that reads them, which it does for entries; of changed records in files no server is told.
 *
 * @throws Failure not_found where nothing is stored; what opening the store throws
 */
export async function openConfiguration({
  folder,
  url,
  clock,
  log,
}: Omit<Place, "version">): Promise<Pick<Store, "records" | "entries" | "commit" | "close">> {
  if (url === null) {
    const path = join(folder, "store.db");
    if (existsSync(path)) return sqliteStore(path, clock);
    throw new Failure("not_found", `There is no store.db in ${folder}.`, {
      hint: "Say where the data is: SLUICE_DATA_DIR, or SLUICE_DATABASE_URL.",
    });
  }
  const node = openNode({ url: url.reveal(), log });
  const store = await postgresStore(node, clock);
  return {
    ...store,
    async close() {
      await store.close();
      await node.close();
    },
  };
}
