import { createSecretKey, randomBytes } from "node:crypto";
import { identityConformance } from "../../src/engines/identity/conformance.ts";
import { builtIn, resources } from "../../src/engines/identity/conformance/trial.ts";
import { oidcIdentity } from "../../src/engines/identity/oidc.ts";
import { postgresStore } from "../../src/engines/store/postgres.ts";
import { storePart } from "../../src/engines/store/postgres/schema.ts";
import { sqliteStore } from "../../src/engines/store/sqlite.ts";
import type { Store } from "../../src/engines/store/store.ts";
import { keyRingVault } from "../../src/engines/vault/key-ring.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { filePlace, schemaPlace, type Place } from "./places.ts";

const stores: Readonly<Record<string, () => Promise<Place<Store>>>> = {
  "oidc-provider over SQLite": () => filePlace("store.db", sqliteStore),
  "oidc-provider over PostgreSQL": () => schemaPlace(storePart, postgresStore),
};

for (const [name, newPlace] of Object.entries(stores))
  identityConformance(name, async () => {
    const place = await newPlace();
    const store = await place.open(wallClock);
    const vault = keyRingVault({ current: createSecretKey(randomBytes(32)), older: [] });
    return {
      entries: store.entries,
      open: async ({ issuer, ...options }) =>
        oidcIdentity({
          ...options,
          store,
          vault,
          resources,
          clock: wallClock,
          workspace: "server",
          clients: [builtIn],
          issuer: () => issuer,
          log: (line) => process.emitWarning(line),
        }),
      async remove() {
        await store.close();
        await place.remove();
      },
    };
  });
