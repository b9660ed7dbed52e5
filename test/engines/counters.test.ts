import { countersConformance } from "../../src/engines/counters/conformance.ts";
import type { Counters } from "../../src/engines/counters/counters.ts";
import { postgresCounters } from "../../src/engines/counters/postgres.ts";
import { countersPart } from "../../src/engines/counters/postgres/schema.ts";
import { sqliteCounters } from "../../src/engines/counters/sqlite.ts";
import { filePlace, schemaPlace, type Place } from "./places.ts";

const all: Readonly<Record<string, () => Promise<Place<Counters>>>> = {
  SQLite: () => filePlace("counters.db", sqliteCounters),
  PostgreSQL: () => schemaPlace(countersPart, async (node, clock) => postgresCounters(node, clock)),
};

for (const [name, newPlace] of Object.entries(all)) countersConformance(name, newPlace);
