import { members, silentMs } from "../../engines/postgres/membership.ts";
import { connectionsPerNode } from "../../engines/postgres/node.ts";
import { numberOf } from "../../engines/stored/row.ts";
import { ok, problem, warning } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

const tightShare = 0.8;
const fullShare = 0.95;
/** -1 = no limit of its own. What is reserved for superusers is not for us. */
const sql = `select (select sum(numbackends) from pg_stat_database) as server_used,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0) as server_limit,
  (select numbackends from pg_stat_database where datname = current_database()) as database_used,
  (select datconnlimit from pg_database where datname = current_database()) as database_limit,
  (select count(*) from pg_stat_activity where usename = current_user) as role_used,
  (select rolconnlimit from pg_roles where rolname = current_user) as role_limit`;
const todo =
  "Raise max_connections, or the limit of the role or the database, or run fewer nodes: who gets no connection answers 503.";

export const connections = databaseCheck("connections", ["node"], async (reached) => {
  const [row = {}] = await reached.query(sql);
  const purses = ["server", "database", "role"]
    .map((of) => ({ of, used: numberOf(row, `${of}_used`), limit: numberOf(row, `${of}_limit`) }))
    .filter(({ limit }) => limit >= 0)
    .toSorted((a, b) => b.used / b.limit - a.used / a.limit);
  const [tightest = { of: "server", used: 0, limit: 1 }] = purses;
  const share = tightest.used / tightest.limit;
  const saw = `${tightest.used} of ${tightest.limit} connections of the ${tightest.of} are in use`;
  if (share >= tightShare) return [(share >= fullShare ? problem : warning)(`${saw}.`, todo)];
  const alive = (await members(reached)).filter((member) => member.silentMs <= silentMs).length;
  const wanted = alive * connectionsPerNode;
  const short = purses.find(({ limit }) => wanted > limit);
  if (short !== undefined)
    return [
      warning(`${saw}; ${alive} nodes may open ${wanted}, and the ${short.of} allows ${short.limit}.`, todo),
    ];
  return [ok(`${saw}; a node opens ${connectionsPerNode} at most.`)];
});
