import { countersPart } from "./counters/postgres/schema.ts";
import { nodePart } from "./postgres/membership.ts";
import type { Part } from "./postgres/schema.ts";
import { trafficPart } from "./postgres/traffic-schema.ts";
import { storePart } from "./store/postgres/schema.ts";

/** Tables with data, which a backup of a PostgreSQL database holds. What an engine brings is one line here. */
export const dataParts: readonly Part[] = [storePart, trafficPart, countersPart];

/** Tables that belong to the database they are in, and to no backup: who works on it. */
export const localParts: readonly Part[] = [nodePart];

/** Queries for the greatest position of commit order that is stored; what follows positions is another line here. */
export const positions: readonly string[] = [
  "select max(seq) from exchange",
  "select position from rolled",
  "select seq from sealing",
];

/** Statements that take from a restored database what nodes hold that never worked on it: claims of jobs, and leases. */
export const releases: readonly string[] = [
  "update job set claim = null, claimed_until = null where claim is not null",
  "delete from lease",
];

/** Statements that take from the node $1, which is dead, what it holds of those, and its place on the list of nodes. */
export const releasesOf: readonly string[] = [
  "update job set claim = null, claimed_until = null where claim is not null and starts_with(claim, $1 || '.')",
  "delete from lease where holder = $1",
  "delete from node where id = $1",
];
