import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../kernel/failure.ts";
import { numberOf, textOf } from "../stored/row.ts";
import type { Query } from "./database.ts";
import type { Node } from "./node.ts";
import { type Part, refuseOutdated } from "./schema.ts";

const first = `
-- Who works on this database. Rows of nodes that ended in good order are gone, others once they were silent for an hour.
create table node (
  id text primary key,
  version text not null,
  host text not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);
`;

export const nodePart: Part = { name: "nodes", migrations: [{ sql: first, needs: 1 }] };

/** A node silent for this long is taken for gone. */
export const silentMs = 15_000;
const seenEveryMs = 2_000;
const partingMs = 2_000;

export type Member = {
  readonly id: string;
  readonly version: string;
  readonly host: string;
  readonly startedAt: number;
  /** How long ago it was last seen, by the database's clock. */
  readonly silentMs: number;
};

export type Membership = {
  /** Resolves when a newer program has changed the tables so that this one must stop; else never. */
  readonly outdated: Promise<Failure>;
  leave(): Promise<void>;
};

/** Keeps this node on the list, and looks whether it may go on, every 2 s. */
export function joinNodes(
  node: Node,
  about: { readonly version: string; readonly host: string },
  parts: readonly Part[],
): Membership {
  const stopped = new AbortController();
  const outdated = Promise.withResolvers<Failure>();
  const beat = async (): Promise<void> => {
    try {
      await refuseOutdated(node.database, parts);
      await node.database.query(
        `insert into node (id, version, host) values ($1, $2, $3)
        on conflict (id) do update set seen_at = now()`,
        [node.id, about.version, about.host],
      );
      await node.database.query("delete from node where seen_at < now() - interval '1 hour'");
    } catch (error) {
      if (!(error instanceof Failure)) node.log(`this node could not be seen to: ${String(error)}`);
      else if (error.kind === "conflict") outdated.resolve(error);
    }
  };
  const beating = (async () => {
    while (!stopped.signal.aborted) {
      await beat();
      // An aborted pause is over early, which is all that matters here.
      await sleep(seenEveryMs, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
    }
  })();
  return {
    outdated: outdated.promise,
    async leave() {
      stopped.abort();
      // Whoever cannot say goodbye soon is found silent.
      await Promise.race([beating, sleep(partingMs, undefined, { ref: false })]);
      await node.watching.query("delete from node where id = $1", [node.id]).catch(() => {});
    },
  };
}

/** Every node on the list, the oldest first, silent ones included; at most 1,000. */
export async function members(database: Query): Promise<readonly Member[]> {
  const rows = await database.query(
    `select id, version, host, extract(epoch from started_at) * 1000 as started_at,
      extract(epoch from now() - seen_at) * 1000 as silent_ms
    from node order by node.started_at limit 1000`,
  );
  return rows.map((row) => ({
    id: textOf(row, "id"),
    version: textOf(row, "version"),
    host: textOf(row, "host"),
    startedAt: numberOf(row, "started_at"),
    silentMs: numberOf(row, "silent_ms"),
  }));
}
