import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openRunningWorld } from "../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../test/world.ts";
import { sqliteStore } from "../../engines/store/sqlite.ts";
import type { Store } from "../../engines/store/store.ts";
import { Failure } from "../../kernel/failure.ts";
import { invoke } from "../../registry/invoke.ts";
import { deleteEndpoint } from "./operations/delete-endpoint.ts";

const silenceMs = 5_001;

test("while the feed is silent, ingress asks the store for what changed elsewhere, and is unavailable without it", async () => {
  let silentMs = 0;
  let isAway = false;
  const world = await openRunningWorld((engines) => ({
    ...engines,
    store: {
      ...engines.store,
      feed: { silentMs: () => silentMs },
      records: {
        ...engines.store.records,
        byGlobalKey: async (...asked: Parameters<Store["records"]["byGlobalKey"]>) => {
          if (isAway) throw new Failure("unavailable", "The database is away.", { retryAfterMs: 2_000 });
          return engines.store.records.byGlobalKey(...asked);
        },
      },
    },
  }));
  // What another process commits to the same file is told to nobody here.
  const elsewhere = sqliteStore(join(world.folder, "store.db"), world.clock);
  try {
    const workspace = await world.newWorkspace();
    const kept = await world.endpointIn(workspace);
    const gone = await world.endpointIn(workspace, { name: "gone" });
    const caller = callerOf(principalOf(workspace, "all"));
    await invoke(deleteEndpoint, { endpointId: gone.id }, caller, { ...world.engines, store: elsewhere });
    assert.equal((await world.arrive(gone)).status, 200, "memory knows nothing of it");

    silentMs = silenceMs;
    assert.equal((await world.arrive(gone)).status, 404);
    assert.equal((await world.arrive(kept)).status, 200);

    isAway = true;
    const refused = await world.arrive(kept);
    assert.equal(refused.status, 503);
    assert.equal(refused.headers["retry-after"], "2");
    silentMs = 0;
    assert.equal((await world.arrive(kept)).status, 200);
  } finally {
    await elsewhere.close();
    await world.close();
  }
});
