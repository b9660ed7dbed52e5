import type { NewJob } from "../../kernel/job.ts";
import { numberOf, type Row, textOf, textOrNull } from "./row.ts";

/** A job from a row with its columns by name, but for the id of its exchange, which each database stores in its own form. */
export function jobFrom(row: Row, exchange: string): NewJob {
  return {
    id: textOf(row, "id"),
    workspace: textOf(row, "workspace"),
    name: textOf(row, "name"),
    payload: textOf(row, "payload"),
    lane: textOf(row, "lane"),
    key: textOrNull(row, "key"),
    dueAt: numberOf(row, "due_at"),
    attempt: numberOf(row, "attempt"),
    exchange,
    receivedAt: numberOf(row, "received_at"),
    subject: textOf(row, "subject"),
  };
}
