import type { NewJob } from "../../../kernel/job.ts";
import { idOf, uuidOf } from "../../postgres/exchange-row.ts";
import { jobFrom } from "../../stored/job.ts";
import { type Row, textOf } from "../../stored/row.ts";

/** What a job has in the table, by column, as `json_to_recordset` takes it; also the order of `jobColumns`. */
const types = {
  id: "text",
  workspace: "text",
  name: "text",
  payload: "text",
  lane: "text",
  key: "text",
  due_at: "bigint",
  attempt: "integer",
  exchange: "uuid",
  received_at: "bigint",
  subject: "text",
} as const;

const columns = Object.keys(types);

/** The columns that `jobOf` reads, of a table or alias `job`. */
export const jobColumns = columns.map((name) => `job.${name}`).join(", ");
/** The columns to insert into, and their definitions in a record set. */
export const insertedColumns = columns.join(", ");
export const jobRecord = Object.entries(types)
  .map(([name, type]) => `${name} ${type}`)
  .join(", ");

/** A job from a row of `jobColumns`. */
export function jobOf(row: Row): NewJob {
  return jobFrom(row, idOf(textOf(row, "exchange").replaceAll("-", "")));
}

export function jobParams(job: NewJob): Readonly<Record<keyof typeof types, string | number | null>> {
  return {
    id: job.id,
    workspace: job.workspace,
    name: job.name,
    payload: job.payload,
    lane: job.lane,
    key: job.key,
    due_at: Math.trunc(job.dueAt),
    attempt: job.attempt,
    exchange: uuidOf(job.exchange),
    received_at: job.receivedAt,
    subject: job.subject,
  };
}
