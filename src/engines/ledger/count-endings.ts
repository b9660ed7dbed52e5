import { endings, type Ending } from "../../kernel/exchange.ts";
import { numberOf, textOf, type Row } from "../sqlite/exchange-row.ts";
import type { CountEndings } from "./ledger.ts";
import { anyOf, clause, joined, subjectsOf, type Clause } from "./where.ts";

/** The exchange that records an ending has the subject and the time of receipt of its event; the kind is looked up. */
export function countEndingsQuery(query: CountEndings): Clause {
  return joined(
    [
      clause("with recursive"),
      subjectsOf(query.subjects),
      clause(
        `select event.subject, carrier.ending, count(*) as count
        from subject cross join exchange as carrier indexed by exchange_ending
        cross join exchange as event indexed by exchange_id
        where carrier.subject = subject.name and carrier.ending is not null
          and carrier.received_at >= ? and carrier.received_at < ? and carrier.workspace = ?
          and event.id = case when carrier.ending = 'duplicate' then carrier.id
            else coalesce(carrier.parent, carrier.id) end
          and event.workspace = carrier.workspace and`,
        query.receivedFrom,
        query.receivedTo,
        query.workspace,
      ),
      anyOf("event.kind", query.kinds),
      clause("group by event.subject, carrier.ending"),
    ],
    " ",
  );
}

export function countedOf(row: Row): { subject: string; ending: Ending; count: number } {
  const ending = endings.find((name) => name === row["ending"]);
  if (ending === undefined) throw new TypeError(`There is no ending ${String(row["ending"])}.`);
  return { subject: textOf(row, "subject"), ending, count: numberOf(row, "count") };
}
