import type { Exchange } from "../../kernel/exchange.ts";
import { factsOf, messagesOf, planeOf } from "./content.ts";
import { numberOf, numberOrNull, type Row, textOf, textOrNull } from "./row.ts";

/** What each database stores in a form of its own. */
export type Decoded = Pick<Exchange, "id" | "parent" | "trace" | "ending">;

/** An exchange from a row with its columns by name; without `content` its messages are empty. */
export function exchangeFrom(row: Row, decoded: Decoded): Exchange {
  const content = row["content"] instanceof Uint8Array ? row["content"] : undefined;
  return {
    ...decoded,
    number: numberOrNull(row, "number"),
    workspace: textOf(row, "workspace"),
    environment: textOf(row, "environment"),
    bucket: textOf(row, "bucket"),
    plane: planeOf(textOf(row, "plane")),
    kind: textOf(row, "kind"),
    subject: textOf(row, "subject"),
    startedAt: numberOf(row, "started_at"),
    durationMs: numberOf(row, "duration_ms"),
    method: textOf(row, "method"),
    host: textOf(row, "host"),
    path: textOf(row, "path"),
    route: textOf(row, "route"),
    status: numberOrNull(row, "status"),
    outcome: textOf(row, "outcome"),
    attempt: numberOrNull(row, "attempt"),
    error: textOrNull(row, "error"),
    receivedAt: numberOf(row, "received_at"),
    facts: factsOf(textOrNull(row, "facts")),
    ...messagesOf(content),
  };
}
