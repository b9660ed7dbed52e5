import type { NewExchange } from "../../../kernel/exchange.ts";
import type { Node } from "../../postgres/node.ts";
import { numbersBy } from "../../stored/row.ts";
import { cancellation } from "../cancelling.ts";
import { keepWorking, type RecentCache } from "../recent.ts";
import { signal } from "../signal.ts";
import type { Journal, Verdict } from "../traffic.ts";
import type { Committer } from "./committer.ts";
import type { JournalEntry, Written } from "./group-write.ts";

const talliesMax = 10_000;
const tallies = `select key, sum(amount) as amount from tally
where key >= $1 and key < $1 || chr(1114111) and starts_with(key, $1) group by key order by key limit ${talliesMax}`;

export type PostgresJournal = Journal & {
  /** Removes a job and writes this exchange; false when the job was gone. */
  remove(job: string, ending: NewExchange): Promise<boolean>;
};

export type JournalParts = {
  readonly node: Node;
  readonly committer: Committer;
  readonly recent: RecentCache;
  /** Told of each entry that was written, before who committed it is. */
  readonly follow: (entry: JournalEntry, written: Written) => void;
};

export function postgresJournal({ node, committer, recent, follow }: JournalParts): PostgresJournal {
  const commits = signal();
  node.listener.on("sluice_exchanges", (origin) => {
    if (origin !== node.id) commits.raise();
  });

  const write = async (entry: JournalEntry): Promise<Written> => {
    const written = await committer.commit(entry);
    follow(entry, written);
    keepExchanges(recent, entry, written);
    if (entry.exchanges.length > 0) {
      commits.raise();
      node.announce("sluice_exchanges", node.id);
    }
    return written;
  };

  return {
    async commit(entry) {
      return verdictOf(await write(entry));
    },
    async remove(job, ending) {
      return (await write(cancellation(job, ending))).kind === "committed";
    },
    async tallies(prefix) {
      const rows = await node.database.query(tallies, [prefix]);
      return numbersBy(rows, "key", "amount");
    },
    onCommit: (listener) => commits.listen(listener),
  };
}

function verdictOf({ kind, of }: Written): Verdict {
  if (kind === "duplicate") return { kind, of };
  return { kind: kind === "skipped" ? "stale" : kind };
}

function keepExchanges(recent: RecentCache, entry: JournalEntry, { kind, numbers }: Written): void {
  if (numbers === undefined || kind === "duplicate" || kind === "skipped") return;
  keepWorking(recent, entry, kind === "stale", (index) => numbers[index] ?? null);
}
