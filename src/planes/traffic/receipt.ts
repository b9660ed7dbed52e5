import type { Facts, NewExchange } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { Arriving } from "./arriving.ts";
import type { Place } from "./live-places.ts";

/** The receipt of a batch; `told` says who sent what, and what of it is not there. */
export function receiptOf(place: Place, { receivedAt, id }: Arriving, told: Facts): NewExchange {
  return {
    id: newExchangeId(receivedAt),
    workspace: place.workspace,
    environment: place.environment,
    bucket: place.bucket,
    plane: "traffic",
    kind: "batch",
    subject: place.id,
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
