import type { Check } from "./check.ts";
import { connections } from "./checks/connections.ts";
import { database } from "./checks/database.ts";
import { durability } from "./checks/durability.ts";
import { nodes } from "./checks/nodes.ts";
import { partitions } from "./checks/partitions.ts";
import { prepared } from "./checks/prepared.ts";
import { rights } from "./checks/rights.ts";
import { room } from "./checks/room.ts";
import { size } from "./checks/size.ts";
import { tables } from "./checks/tables.ts";
import { transactions } from "./checks/transactions.ts";
import { vacuum } from "./checks/vacuum.ts";
import { wal } from "./checks/wal.ts";
import { wraparound } from "./checks/wraparound.ts";
import { writes } from "./checks/writes.ts";

/** What is looked at of a PostgreSQL database. */
export const databaseChecks: readonly Check[] = [
  database,
  writes,
  rights,
  durability,
  tables,
  nodes,
  connections,
  size,
  room,
  wal,
  transactions,
  prepared,
  vacuum,
  wraparound,
  partitions,
];
