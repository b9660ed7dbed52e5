import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { authenticatorOf, bearing, callerOf, openWorld, principalOf } from "../../../test/world.ts";
import { sqliteStore } from "../../engines/store/sqlite.ts";
import { invoke } from "../../registry/invoke.ts";
import { createApiKey } from "./operations/create-api-key.ts";
import { revokeCredential } from "./operations/revoke-credential.ts";

test("a key revoked elsewhere is refused once the feed was silent for 5 s, although it is remembered", async () => {
  const world = await openWorld();
  let silentMs = 0;
  const store = { ...world.engines.store, feed: { silentMs: () => silentMs } };
  // What another process commits to the same file is told to nobody here.
  const elsewhere = sqliteStore(join(world.folder, "store.db"), world.clock);
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const { secret: key, id } = await invoke(createApiKey, { name: "laptop" }, caller, world.engines);
    const authenticate = await authenticatorOf({ ...world.engines, store });
    const sent = bearing(`Bearer ${String(key)}`);
    await authenticate(sent);
    await invoke(revokeCredential, { credentialId: id }, caller, { ...world.engines, store: elsewhere });
    silentMs = 5_000;
    await authenticate(sent);
    silentMs = 5_001;
    await assert.rejects(authenticate(sent), { kind: "unauthenticated", message: /revoked/ });
  } finally {
    await elsewhere.close();
    await world.close();
  }
});
