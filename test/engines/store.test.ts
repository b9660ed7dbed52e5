import { storeConformance } from "../../src/engines/store/conformance.ts";
import { postgresStore } from "../../src/engines/store/postgres.ts";
import { storePart } from "../../src/engines/store/postgres/schema.ts";
import { sqliteStore } from "../../src/engines/store/sqlite.ts";
import type { Store } from "../../src/engines/store/store.ts";
import { schemaPlace, filePlace, type Place } from "./places.ts";

const stores: Readonly<Record<string, () => Promise<Place<Store>>>> = {
  SQLite: () => filePlace("store.db", sqliteStore),
  PostgreSQL: () => schemaPlace(storePart, postgresStore),
};

for (const [name, newPlace] of Object.entries(stores)) storeConformance(name, newPlace);
