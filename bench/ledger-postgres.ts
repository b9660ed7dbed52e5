import { postgresLedger } from "../src/engines/ledger/postgres.ts";
import { settleEpoch } from "../src/engines/postgres/commit-order.ts";
import { nodePart } from "../src/engines/postgres/membership.ts";
import { openNode, type Node } from "../src/engines/postgres/node.ts";
import { partitions } from "../src/engines/postgres/partitions.ts";
import { migrate } from "../src/engines/postgres/schema.ts";
import { ask, sql } from "../src/engines/postgres/sql.ts";
import { trafficPart } from "../src/engines/postgres/traffic-schema.ts";
import { numberOf, textOf } from "../src/engines/stored/row.ts";
import { postgresTraffic } from "../src/engines/traffic/postgres.ts";
import { wallClock } from "../src/kernel/clock.ts";
import { startPostgres } from "../test/postgres-server.ts";
import {
  dayMs,
  narrowContent,
  subjects,
  workspace,
  type LedgerPlace,
  type LedgerTerms,
} from "./ledger-place.ts";

const idsMax = 10_000;
const rowsPerStatement = 50_000;

/** On a server of its own with memory enough to hold what is asked about, as a real one would have. */
export async function postgresLedgerPlace(terms: LedgerTerms): Promise<LedgerPlace> {
  const settings = { shared_buffers: "1GB", max_wal_size: "4GB" };
  const server = await startPostgres({ durable: true, settings });
  const node = openNode({ url: await server.newDatabase(), log: console.error });
  await migrate(node.database, [nodePart, trafficPart]);
  await fill(node, terms);
  await settleEpoch(node.database, "(select max(seq) from exchange)");
  const traffic = await postgresTraffic(node, wallClock);
  const ledger = await postgresLedger(node, wallClock);
  const ids = await ask(
    node.database,
    sql`select id from exchange where attempt is null order by md5(id::text) limit ${idsMax}`,
  );
  const [size] = await node.database.query("select pg_database_size(current_database()) as bytes");
  return {
    ledger,
    ids: ids.map((row) => `ex_${textOf(row, "id")}`),
    serverPid: server.pid,
    bytes: size === undefined ? 0 : numberOf(size, "bytes"),
    commit: (exchange) => traffic.journal.commit({ exchanges: [exchange], jobs: [] }),
    async close() {
      await ledger.close();
      await traffic.close();
      await node.close();
      await server.dispose();
    },
  };
}

async function fill(node: Node, terms: LedgerTerms): Promise<void> {
  const days = Array.from({ length: Math.ceil((terms.to - terms.from) / dayMs) + 1 }, (_, n) => n);
  const idOfDay = (n: number) =>
    `ex_${Math.min(terms.from + n * dayMs, terms.to)
      .toString(16)
      .padStart(12, "0")}${"0".repeat(20)}`;
  await partitions(node.database).ensure(days.map(idOfDay));
  for (let event = 0; event < terms.exchanges / 2; event += rowsPerStatement)
    await node.upkeep.query(insertion(terms, event), [narrowContent]);
  await node.upkeep.query("insert into numbering (workspace, last) values ($1, $2)", [
    workspace,
    terms.exchanges,
  ]);
  await node.upkeep.query("vacuum analyze");
}

/** Events from number `first` on, each with its attempt; what looks random is made of the number. */
function insertion({ exchanges, from, to }: LedgerTerms, first: number): string {
  const last = Math.min(first + rowsPerStatement, exchanges / 2) - 1;
  return `insert into exchange (id, seq, number, workspace, environment, bucket, plane, kind, subject, parent, started_at,
    duration_ms, method, host, path, route, status, outcome, attempt, ending, received_at, content)
  select (lpad(to_hex(at + later), 12, '0') || '7' || substr(md5(is_attempt::text || i), 1, 19))::uuid,
    4096 * 500 + 2 * i + later / 5, case when is_attempt then null else i + 1 end, '${workspace}', 'production',
    'default', 'webhooks', case when is_attempt then 'attempt' else 'event' end,
    'ep_' || lpad((hashint4(i) & 65535) % ${subjects} || '', 22, '0'),
    case when is_attempt then (lpad(to_hex(at), 12, '0') || '7' || substr(md5('false' || i), 1, 19))::uuid end,
    at + later, exp(random() * 6), 'POST', 'hooks.example', '/in/stripe', '/in/:slug',
    case when is_attempt and failed then 503 else 200 end,
    case when not is_attempt then 'accepted' when failed then 'failed' else 'delivered' end,
    case when is_attempt then 1 end,
    case when not is_attempt then null when failed then 'failed' else 'delivered' end, at, $1
  from (select i, ${from} + floor((${to} - ${from})::float8 * i * 2 / ${exchanges})::bigint as at,
      hashint4(i + 1) & 1023 < 51 as failed from generate_series(${first}, ${last}) as i) as event
    cross join (values (false, 0), (true, 5)) as kind (is_attempt, later)`;
}
