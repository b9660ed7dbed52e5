import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { schemaPlace } from "../../../test/engines/places.ts";
import { postgresStore } from "../../engines/store/postgres.ts";
import { storePart } from "../../engines/store/postgres/schema.ts";
import { keyRingVault } from "../../engines/vault/key-ring.ts";
import { wallClock } from "../../kernel/clock.ts";
import { workspace } from "../../registry/workspace.ts";
import { credential, keptOf } from "./credentials/credential.ts";
import { bootstrap } from "./bootstrap.ts";

test("of processes that start at once on an empty database, one sets it up and the others find it so", async () => {
  const place = await schemaPlace(storePart, postgresStore);
  const vault = keyRingVault({ current: createSecretKey(randomBytes(32)), older: [] });
  const stores = await Promise.all([1, 2, 3].map(() => place.open(wallClock)));
  try {
    const starts = await Promise.all(
      stores.map((store) => bootstrap({ store, vault, clock: wallClock }, undefined)),
    );
    const [first, ...others] = starts.filter((it) => it !== undefined);
    assert.ok(first);
    assert.deepEqual(others, []);
    const [store] = stores;
    assert.ok(store);
    const workspaces = await store.records.every(workspace.kind, { limit: 10 });
    assert.deepEqual(
      workspaces.map(({ id }) => id),
      [first.workspace],
    );
    const keys = await store.records.every(credential.kind, { limit: 10 });
    assert.deepEqual(
      keys.map(({ value }) => value["hash"]),
      [keptOf(first.key).hash],
    );
    assert.equal(await bootstrap({ store, vault, clock: wallClock }, undefined), undefined);
  } finally {
    for (const store of stores) await store.close();
  }
});
