import type { Clock } from "../../kernel/clock.ts";
import type { Node } from "../postgres/node.ts";
import { checked } from "./checked.ts";
import type { Counters } from "./counters.ts";
import { sharedBudgets } from "./postgres/budgets.ts";
import { sharedWindows } from "./postgres/windows.ts";

/** Counters of any number of nodes in one PostgreSQL database, whose tables are there (`countersPart`). */
export function postgresCounters({ database }: Pick<Node, "database">, clock: Clock): Counters {
  return checked({
    hit: sharedWindows(database, clock),
    ...sharedBudgets(database, clock),
    // The connections are the node's.
    close: async () => {},
  });
}
