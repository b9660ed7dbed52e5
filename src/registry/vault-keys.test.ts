import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { filePlace } from "../../test/engines/places.ts";
import { sqliteStore } from "../engines/store/sqlite.ts";
import { keyRingVault } from "../engines/vault/key-ring.ts";
import { wallClock } from "../kernel/clock.ts";
import { verifyKeys } from "./vault-keys.ts";

test("a server whose keys do not open what others seal is refused, with the key it lacks and how to give it", async () => {
  const place = await filePlace("store.db", sqliteStore);
  const store = await place.open(wallClock);
  const [old, next, stranger] = [1, 2, 3].map(() => createSecretKey(randomBytes(32)));
  assert.ok(old && next && stranger);
  const start = (current: typeof old, ...older: (typeof old)[]) =>
    verifyKeys({ store, clock: wallClock, vault: keyRingVault({ current, older }) });
  try {
    // Two that start at once leave one text each, or one and the same.
    await Promise.all([start(old), start(old)]);
    await start(old);
    const lacking = new RegExp(keyRingVault({ current: old, older: [] }).key);
    await assert.rejects(start(stranger), { kind: "invalid", message: lacking });
    // A new key comes below the old one everywhere, then on top.
    await start(old, next);
    await start(next, old);
    await start(old, next);
    await assert.rejects(start(old), { message: new RegExp(keyRingVault({ current: next, older: [] }).key) });
  } finally {
    await store.close();
    await place.remove();
  }
});
