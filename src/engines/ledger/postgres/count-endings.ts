import type { Ending } from "../../../kernel/exchange.ts";
import type { Query } from "../../postgres/database.ts";
import { endingOf } from "../../postgres/exchange-row.ts";
import { ask, sql, text } from "../../postgres/sql.ts";
import { numberOf, textOf, textOrNull, type Row } from "../../stored/row.ts";
import type { CountEndings } from "../ledger.ts";
import { anyText, isStorable, between, notBefore } from "./where.ts";

type Counted = { readonly subject: string; readonly ending: Ending; readonly count: number };

/** The exchange that records an ending has the subject and the time of receipt of its event; the kind is looked up. */
export async function countEndings(database: Query, query: CountEndings): Promise<readonly Counted[]> {
  const { workspace, kinds, subjects, receivedFrom, receivedTo } = query;
  if (!isStorable(workspace)) return [];
  const rows = await ask(
    database,
    sql`select carrier.subject, carrier.ending, count(*) as count
    from exchange as carrier join exchange as event
      on event.id = case when carrier.ending = 'duplicate' then carrier.id
        else coalesce(carrier.parent, carrier.id) end and event.workspace = carrier.workspace
    where carrier.workspace = ${workspace} and carrier.ending is not null
      and ${subjects === undefined ? text("true") : anyText("carrier.subject", subjects)}
      and ${between("carrier.received_at", receivedFrom, receivedTo)}
      and ${notBefore("carrier.id", receivedFrom)} and ${notBefore("event.id", receivedFrom)}
      and ${anyText("event.kind", kinds)}
    group by carrier.subject, carrier.ending`,
  );
  return rows.map(countedOf);
}

function countedOf(row: Row): Counted {
  const ending = endingOf(textOrNull(row, "ending"));
  if (ending === null) throw new TypeError("There is no ending.");
  return { subject: textOf(row, "subject"), ending, count: numberOf(row, "count") };
}
