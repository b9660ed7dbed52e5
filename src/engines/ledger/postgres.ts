import type { Clock } from "../../kernel/clock.ts";
import { exchangeTimeMs } from "../../kernel/id.ts";
import { commitOrder } from "../postgres/commit-order.ts";
import { readColumns, uuidOf } from "../postgres/exchange-row.ts";
import type { Node } from "../postgres/node.ts";
import { askPlanned, sql, text, type Sql } from "../postgres/sql.ts";
import type { Ledger, Listed } from "./ledger.ts";
import { attemptsOf, childrenOf } from "./postgres/attempts.ts";
import { contentSize, withContents } from "./postgres/contents.ts";
import { dropDays } from "./postgres/days.ts";
import { withEndings } from "./postgres/ended.ts";
import { measured, statesCounted } from "./postgres/figures.ts";
import { findRows } from "./postgres/find.ts";
import { foldUp } from "./postgres/folding.ts";
import { knownOf } from "./postgres/known.ts";
import { redactRow } from "./postgres/redaction.ts";
import { expireIntervals } from "./postgres/interval-removal.ts";
import { expireRows, purgeRows } from "./postgres/removal.ts";
import { clearRemnants } from "./postgres/remnants.ts";
import { rollUp } from "./postgres/rolling.ts";
import { sealRows } from "./postgres/sealing.ts";
import { lastPosition, sinceRows } from "./postgres/since.ts";
import { summed } from "./postgres/sum.ts";
import { isStorable } from "./postgres/where.ts";
import { turns } from "./turns.ts";

/**
 * The ledger in the database that the journals of all nodes write: complete at every moment. Closing it waits for its
 * own changes and leaves the node open.
 *
 * @throws Failure unavailable when PostgreSQL cannot be used
 */
export async function postgresLedger(node: Node, clock: Clock): Promise<Ledger> {
  const { database } = node;
  const order = await commitOrder(database);
  const turn = turns();
  return {
    async find(query) {
      const completeUntil = clock.now();
      return { rows: await findRows(node, clock, query), completeUntil };
    },
    async get(workspace, key) {
      if (!isStorable(workspace)) return undefined;
      if ("number" in key)
        return Number.isSafeInteger(key.number)
          ? await one(node, workspace, sql`number = ${key.number}`)
          : undefined;
      return isId(key.id) ? await one(node, workspace, sql`id = ${uuidOf(key.id)}`) : undefined;
    },
    known: (workspace, ids) => knownOf(node, workspace, ids),
    children: (workspace, parent, limit) => childrenOf(node, { workspace, parent, limit }),
    attemptsOf: (workspace, parents) => attemptsOf(database, workspace, parents),
    measure: (query) => measured(node, query),
    countStates: (query) => statesCounted(node, query),
    since: (workspace, position, query) => sinceRows(database, order, { ...query, workspace, position }),
    position: () => lastPosition(database, order),
    sum: (query) => summed(database, query),
    async expire(due, limit) {
      const known = due.filter(({ workspace }) => isStorable(workspace));
      let removed = await dropDays(node, known, limit);
      for (const of of known) {
        removed += await expireRows(node, { ...of, limit });
        await expireIntervals(node, { ...of, limit });
      }
      return removed;
    },
    purge: (workspace, subject, limit) => purgeRows(node, { workspace, subject, limit }),
    async redact(workspace, id, replace) {
      if (!isId(id) || !isStorable(workspace)) return false;
      const known = await redactRow(database, { workspace, id }, replace);
      if (known) node.announce("sluice_content", id);
      return known;
    },
    async seal(limit) {
      const sealed = await sealRows(node, order, limit);
      await clearRemnants(node, clock);
      return sealed;
    },
    roll: (limit) =>
      turn(async () => {
        const folded = await foldUp(node, limit);
        return folded + (await rollUp(node, order, limit - folded));
      }),
    close: () => turn(async () => {}),
  };
}

function isId(id: string): boolean {
  return exchangeTimeMs(id) !== undefined;
}

async function one(node: Node, workspace: string, by: Sql): Promise<Listed | undefined> {
  const rows = await askPlanned(
    node.walking,
    sql`select ${text(readColumns)}, ${text(contentSize)} from exchange where ${by} and workspace = ${workspace}`,
  );
  return (await withEndings(node, workspace, await withContents(node, rows)))[0];
}
