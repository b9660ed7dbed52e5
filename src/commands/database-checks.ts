import type { Check } from "./check.ts";
import { connections } from "./checks/connections.ts";
import { database } from "./checks/database.ts";
import { durability } from "./checks/durability.ts";
import { nodes } from "./checks/nodes.ts";
import { partitions } from "./checks/partitions.ts";
import { prepared } from "./checks/prepared.ts";
import { rights } from "./checks/rights.ts";
import { tables } from "./checks/tables.ts";
import { transactions } from "./checks/transactions.ts";
import { vacuum } from "./checks/vacuum.ts";
import { wraparound } from "./checks/wraparound.ts";
import { writes } from "./checks/writes.ts";
import { spaceChecks } from "./space-checks.ts";

/** What is looked at of a PostgreSQL database. */
export const databaseChecks: readonly Check[] = [
  database,
  writes,
  rights,
  durability,
  tables,
  nodes,
  connections,
  ...spaceChecks,
  transactions,
  prepared,
  vacuum,
  wraparound,
  partitions,
];
