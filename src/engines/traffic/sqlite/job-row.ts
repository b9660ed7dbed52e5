import { idText } from "../../sqlite/exchange-row.ts";
import { jobFrom } from "../../stored/job.ts";
import { bytesOf, type Row } from "../../stored/row.ts";
import type { NewJob } from "../../../kernel/job.ts";

/** The columns that `jobOf` reads. */
export const jobColumns =
  "id, workspace, name, payload, lane, key, due_at, attempt, exchange, received_at, subject";

/** A job from a row of `jobColumns`. */
export function jobOf(row: Row): NewJob {
  return jobFrom(row, idText(bytesOf(row, "exchange")));
}
