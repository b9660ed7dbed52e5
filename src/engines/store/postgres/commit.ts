import type { Clock } from "../../../kernel/clock.ts";
import type { Query } from "../../postgres/database.ts";
import type { Node } from "../../postgres/node.ts";
import { numberOf } from "../../stored/row.ts";
import { refuseRepeats } from "../steps.ts";
import type { Commit, StoredRecord } from "../store.ts";
import { writeChanges } from "./changes.ts";
import { writeEntries } from "./entries.ts";

/** Writes a whole commit in one transaction and answers the records it changed. */
export function commitWriter(
  { database, id }: Pick<Node, "id" | "database">,
  clock: Clock,
): (commit: Commit) => Promise<readonly StoredRecord[]> {
  return async (commit) => {
    refuseRepeats(commit.records);
    return database.transaction(async (within) => {
      const changed = inOrder(commit) ? await writeChanges(within, commit, await nextSeq(within, id)) : [];
      await writeEntries(within, commit, clock.now());
      await writeMessages(within, commit);
      await writeAudit(within, commit);
      return changed;
    });
  };
}

/** What somebody reads in commit order; entries alone, such as the last use of a key, wait for nobody. */
function inOrder({ records, outbox, audit, holds = [], limits = [] }: Commit): boolean {
  return [records, outbox, holds, limits].some(({ length }) => length > 0) || audit !== null;
}

/**
 * Holding the one row of `feed` until the end, such commits are made one after another on all nodes: each sees all that
 * were made before it, so versions, keys and limits are decided for good, no two can deadlock, and the numbers are in
 * commit order without waiting for other transactions of the cluster. The others are told within the transaction, for
 * it is what they would wait for.
 */
async function nextSeq(within: Query, node: string): Promise<number> {
  const [row] = await within.query(
    "update feed set seq = seq + 1 returning seq, pg_notify('sluice_records', $1)",
    [node],
  );
  if (row === undefined) throw new Error("The table feed has lost its row.");
  return numberOf(row, "seq");
}

async function writeMessages(within: Query, { workspace, outbox }: Commit): Promise<void> {
  if (outbox.length === 0) return;
  await within.query(
    `insert into outbox (id, workspace, name, payload)
    select id, $1, name, payload
    from unnest($2::text[], $3::text[], $4::text[]) with ordinality as it (id, name, payload, place) order by place`,
    [
      workspace,
      outbox.map(({ id }) => id),
      outbox.map(({ name }) => name),
      outbox.map(({ payload }) => payload),
    ],
  );
}

async function writeAudit(within: Query, { workspace, at, actor, operation, audit }: Commit): Promise<void> {
  if (audit === null) return;
  const content = [audit.subjects, audit.detail].map((part) => JSON.stringify(part));
  await within.query(
    `with row as (insert into audit (id, workspace, at, actor_kind, actor_id, operation, subjects, detail)
      values ($1, $2, $3, $4, $5, $6, $7, $8) returning seq)
    insert into audit_subject (workspace, subject, seq)
    select $2, subject, row.seq from row, unnest($9::text[]) as subject`,
    [audit.id, workspace, at, actor.kind, actor.id, operation, ...content, [...new Set(audit.subjects)]],
  );
}
