import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { soakPostgres } from "../bench/soak-postgres.ts";
import { dataParts, localParts } from "../src/engines/parts.ts";
import { openNode } from "../src/engines/postgres/node.ts";
import { partitionBounds, partitions } from "../src/engines/postgres/partitions.ts";
import { migrate } from "../src/engines/postgres/schema.ts";

const mib = 2 ** 20;
const dayMs = 86_400_000;
const rows = 1_000;
const today = Math.floor(Date.now() / dayMs);
const postgres = await soakPostgres();
const url = postgres.environment["SLUICE_DATABASE_URL"] ?? "";
const node = openNode({ url, log: () => {} });
await migrate(node.database, [...localParts, ...dataParts]);
await partitions(node.database).ensureDays([today]);
const [writer, holder] = [0, 1].map(() => new pg.Client({ connectionString: url })) as [pg.Client, pg.Client];
await writer.connect();
await holder.connect();
after(async () => {
  await holder.end();
  await writer.end();
  await node.close();
  await postgres.end();
});

/** What stands in a thousand rows of these tables, n being 1 to 1,000. */
const filled = {
  "job (id, workspace, name, payload, lane, due_at, attempt, exchange, received_at, subject)":
    "n, 'ws', 'deliver', repeat('x', 1000), 'ep_1', 0, 0, gen_random_uuid(), 0, 'ep_1'",
  "used (key, expires_at)": "n, 0",
  "lane (name)": "n",
  "ending_rollup (workspace, subject, hour, kind, ending, count)": "'ws', n, 0, 'event', 'delivered', 1",
  "block (id, exchanges, data)": `(left('${partitionBounds(today).from}', 24) || lpad(to_hex(n), 8, '0'))::uuid, 1, ''`,
};

test("what the soak reads of PostgreSQL grows with what it is named for", async () => {
  const before = await postgres.sample();
  for (const [name, value] of Object.entries(before)) assert.equal(typeof value, "number", name);
  // A slot keeps the log, and an open transaction what others delete.
  await holder.query("select pg_create_physical_replication_slot('nobody', true)");
  await holder.query("begin isolation level repeatable read; select 1");
  // Who fills a temporary table keeps its pages in memory that is no one else's.
  await holder.query("create temporary table kept as select repeat('y', 1000) from generate_series(1, 8000)");
  for (const [table, row] of Object.entries(filled))
    await writer.query(`insert into ${table} select ${row} from generate_series(1, ${rows}) as n`);
  await writer.query("select pg_stat_force_next_flush(); select pg_switch_wal()");
  assert.equal((await postgres.sample()).keys, rows);
  for (const table of Object.keys(filled)) await writer.query(`delete from ${table.split(" ")[0]}`);
  await writer.query("select pg_stat_force_next_flush()");
  const later = await postgres.sample();
  const { deadJobs, deadLanes, deadSums, deadUsed, deadExchanges, keys } = later;
  assert.deepEqual(
    { deadJobs, deadLanes, deadSums, deadUsed, deadExchanges, keys },
    { deadJobs: rows, deadLanes: rows, deadSums: rows, deadUsed: rows, deadExchanges: rows, keys: 0 },
  );
  for (const name of ["walBytes", "workBytes", "sumsBytes", "usedBytes", "databaseBytes"] as const)
    assert.ok(later[name] > before[name], `${name}: ${before[name]}, then ${later[name]}`);
  if (process.platform === "linux") assert.ok(later.ownBytes > before.ownBytes + 4 * mib);
});
