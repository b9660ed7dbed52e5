import { budgetMigrations } from "../engines/counters/sqlite/budgets.ts";
import { trafficMigrations } from "../engines/sqlite/traffic-schema.ts";
import { storeMigrations } from "../engines/store/sqlite/schema.ts";

/**
 * The databases of a data folder and the newest schema that this program knows of each, in the order in which a
 * backup takes their moments.
 *
 * A webhook is acknowledged once traffic.db holds its event and its job, so whatever moment of traffic.db comes after
 * the backup began has it, and its endpoint is in store.db before the webhook can come. Store first, then traffic:
 * what the store holds as done, an outbox message taken off after its effect on the queue, is then in traffic.db for
 * certain, and a message that was still to be carried is carried again after a restore, which changes nothing more.
 * The other way round a message could be missing from both: an endpoint that was resumed in between would be held for
 * good. Counters come last: an amount that is counted too high is made up for sooner than one that is forgotten.
 */
export const databaseSchemas: Readonly<Record<string, number>> = {
  "store.db": storeMigrations.length,
  "traffic.db": trafficMigrations.length,
  "counters.db": budgetMigrations.length,
};

/** Opens every stored secret. Copied last: a key that seals something is in it before anything is sealed. */
export const keyFile = "keys";
