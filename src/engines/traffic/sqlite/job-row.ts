import { idText } from "../../sqlite/exchange-row.ts";
import { bytesOf, numberOf, type Row, textOf, textOrNull } from "../../stored/row.ts";
import type { NewJob } from "../../../kernel/job.ts";

/** The columns that `jobOf` reads. */
export const jobColumns =
  "id, workspace, name, payload, lane, key, due_at, attempt, exchange, received_at, subject";

/** A job from a row of `jobColumns`. */
export function jobOf(row: Row): NewJob {
  return {
    id: textOf(row, "id"),
    workspace: textOf(row, "workspace"),
    name: textOf(row, "name"),
    payload: textOf(row, "payload"),
    lane: textOf(row, "lane"),
    key: textOrNull(row, "key"),
    dueAt: numberOf(row, "due_at"),
    attempt: numberOf(row, "attempt"),
    exchange: idText(bytesOf(row, "exchange")),
    receivedAt: numberOf(row, "received_at"),
    subject: textOf(row, "subject"),
  };
}
