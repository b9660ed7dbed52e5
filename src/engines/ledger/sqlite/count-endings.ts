import { endings, type Ending } from "../../../kernel/exchange.ts";
import { endingCode, endingOf } from "../../sqlite/exchange-row.ts";
import { numberOf, textOf, type Row } from "../../stored/row.ts";
import type { CountEndings } from "../ledger.ts";
import { anyNamed, clause, joined, ofWorkspace, subjectsOf, workspaceOf, type Clause } from "./where.ts";

/** The exchange that records an ending has the subject and the time of receipt of its event; the kind is looked up. */
export function countEndingsQuery(query: CountEndings): Clause {
  return joined(
    [
      workspaceOf(query.workspace),
      subjectsOf(query.subjects),
      clause(
        `select (select text from name where name.id = event.subject) as subject, carrier.ending as ending,
          count(*) as count
        from subject cross join exchange as carrier indexed by exchange_ending
        cross join exchange as event indexed by exchange_id
        where carrier.${ofWorkspace} and carrier.ending in ${everyEnding} and carrier.subject = subject.id
          and carrier.received_at >= ? and carrier.received_at < ?
          and event.id = case when carrier.ending = ${duplicate} then carrier.id
            else coalesce(carrier.parent, carrier.id) end
          and event.workspace = carrier.workspace and`,
        query.receivedFrom,
        query.receivedTo,
      ),
      anyNamed("event.kind", query.kinds),
      clause("group by event.subject, carrier.ending"),
    ],
    " ",
  );
}

const everyEnding = `(${endings.map(endingCode).join(", ")})`;
const duplicate = endingCode("duplicate");

export function countedOf(row: Row): { subject: string; ending: Ending; count: number } {
  const ending = endingOf(row["ending"] ?? null);
  if (ending === null) throw new TypeError("There is no ending.");
  return { subject: textOf(row, "subject"), ending, count: numberOf(row, "count") };
}
