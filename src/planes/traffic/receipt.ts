import type { Facts, NewExchange } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { Arriving } from "./arriving.ts";
import type { Place } from "./live-places.ts";

/** What the receipts of a bucket are about: those that tell of a loss are found without looking through all others. */
export function receiptsOf(bucket: string, tellLoss: boolean): string {
  return tellLoss ? `${bucket}/losses` : bucket;
}

function tellsLoss({ dropped }: Arriving): boolean {
  return dropped.records > 0 || dropped.summaries > 0;
}

/** The receipt of a batch; `told` says who sent what, and what of it is not there. */
export function receiptOf(place: Place, arriving: Arriving, told: Facts): NewExchange {
  const { receivedAt, id } = arriving;
  return {
    id: newExchangeId(receivedAt),
    workspace: place.workspace,
    environment: place.environment,
    bucket: place.bucket,
    plane: "traffic",
    kind: "batch",
    subject: receiptsOf(place.id, tellsLoss(arriving)),
    parent: null,
    trace: null,
    startedAt: receivedAt,
    durationMs: 0,
    method: "POST",
    host: "",
    path: "",
    route: "",
    status: 202,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: null,
    receivedAt,
    facts: { batch: id, ...told },
    request: { headers: [], body: null },
    response: null,
  };
}
