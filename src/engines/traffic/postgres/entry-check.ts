import { endings, type Message, type NewExchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { exchangeTimeMs } from "../../../kernel/id.ts";
import type { NewJob } from "../../../kernel/job.ts";
import type { Summary } from "../../../kernel/summary.ts";
import { refuseOddSummaries } from "../../stored/summary-pack.ts";
import { rowsPerTransaction } from "../../postgres/commit-order.ts";
import type { Then } from "../traffic.ts";
import type { JournalEntry } from "./group-write.ts";

const payloadCharactersMax = 65_536;
const entryBytesMax = 64 * 1024 * 1024;
const jobsMax = 20_000;
/** What a row weighs beside its bodies and payload, roughly. */
const rowBytes = 800;
const headerBytes = 100;
const summaryBytes = 100;

/**
 * About how many bytes the entry takes, once it is sure that it can be written as it is: what PostgreSQL would refuse
 * must not take a whole group along.
 *
 * @throws Failure too_large when a payload or the whole is; RangeError when a value is none that can be stored
 */
export function checkedBytes(entry: JournalEntry): number {
  const { exchanges, jobs, unless, finish, tally } = entry;
  if (exchanges.length > rowsPerTransaction || jobs.length > jobsMax)
    throw tooLarge(`One entry may have at most ${rowsPerTransaction} exchanges and ${jobsMax} jobs.`);
  let bytes = rowBytes;
  for (const exchange of exchanges) bytes += exchangeBytes(exchange);
  for (const job of jobs) bytes += jobBytes(job);
  if (unless !== undefined) integer(unless.expiresAt, "expiresAt");
  for (const { amount } of tally ?? []) finite(amount, "amount");
  bytes += summariesBytes(entry.summaries ?? []);
  if (finish?.then.kind === "retry") bytes += retryBytes(finish.then);
  if (bytes > entryBytesMax) throw tooLarge("One entry may have at most 64 MiB.");
  return bytes;
}

function retryBytes({ dueAt, attempt, payload }: Extract<Then, { kind: "retry" }>): number {
  integer(Math.trunc(dueAt), "dueAt");
  small(attempt, "attempt");
  return payloadBytes(payload);
}

function summariesBytes(summaries: readonly Summary[]): number {
  refuseOddSummaries(summaries);
  return summaries.reduce((bytes, { durations }) => bytes + summaryBytes + durations.length, 0);
}

function exchangeBytes(exchange: NewExchange): number {
  identified(exchange.id);
  identified(exchange.parent);
  if (exchange.trace !== null && !/^[0-9a-f]{32}$/i.test(exchange.trace))
    throw new RangeError(`${exchange.trace} is no trace.`);
  if (exchange.ending !== null && !endings.includes(exchange.ending))
    throw new RangeError(`An ending is one of ${endings.join(", ")}.`);
  integer(exchange.startedAt, "startedAt");
  integer(exchange.receivedAt, "receivedAt");
  finite(exchange.durationMs, "durationMs");
  small(exchange.status, "status");
  small(exchange.attempt, "attempt");
  return rowBytes + messageBytes(exchange.request) + messageBytes(exchange.response);
}

function messageBytes(message: Message | null): number {
  return message === null ? 0 : headerBytes * message.headers.length + (message.body?.bytes.length ?? 0);
}

function jobBytes(job: NewJob): number {
  identified(job.exchange);
  integer(Math.trunc(job.dueAt), "dueAt");
  integer(job.receivedAt, "receivedAt");
  small(job.attempt, "attempt");
  return rowBytes / 2 + payloadBytes(job.payload);
}

function payloadBytes(payload: string): number {
  if (payload.length > payloadCharactersMax)
    throw tooLarge(
      "A job's payload may have at most 64 KiB.",
      "Keep bodies in the exchange and refer to it.",
    );
  return payload.length;
}

function tooLarge(message: string, hint?: string): Failure {
  return new Failure("too_large", message, hint === undefined ? {} : { hint });
}

function identified(id: string | null): void {
  if (id !== null && exchangeTimeMs(id) === undefined) throw new RangeError(`${id} is no id of an exchange.`);
}

function finite(value: number, name: string): void {
  if (!Number.isFinite(value)) throw new RangeError(`${name} is ${value}, which is no number.`);
}

function integer(value: number, name: string): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} is ${value}, which is no whole number.`);
}

function small(value: number | null, name: string): void {
  if (value !== null && (value | 0) !== value)
    throw new RangeError(`${name} is ${value}, which is too large.`);
}
