import { endings, type NewExchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { exchangeTimeMs } from "../../../kernel/id.ts";
import type { NewJob } from "../../../kernel/job.ts";
import { rowsPerTransaction } from "../../postgres/commit-order.ts";
import type { JournalEntry } from "./group-write.ts";

const payloadCharactersMax = 65_536;
const entryBytesMax = 64 * 1024 * 1024;
const jobsMax = 20_000;
/** What a row weighs beside its bodies and payload, roughly. */
const rowBytes = 800;
const headerBytes = 100;

/**
 * About how many bytes the entry takes, once it is sure that it can be written as it is: what PostgreSQL would refuse
 * must not take a whole group along.
 *
 * @throws Failure too_large when a payload or the whole is; RangeError when a value is none that can be stored
 */
export function checkedBytes(entry: JournalEntry): number {
  if (entry.exchanges.length > rowsPerTransaction || entry.jobs.length > jobsMax)
    throw tooLarge(`One entry may have at most ${rowsPerTransaction} exchanges and ${jobsMax} jobs.`);
  let bytes = rowBytes;
  for (const exchange of entry.exchanges) bytes += exchangeBytes(exchange);
  for (const job of entry.jobs) bytes += jobBytes(job);
  if (entry.unless !== undefined) integer(entry.unless.expiresAt, "expiresAt");
  for (const { amount } of entry.tally ?? [])
    if (!Number.isFinite(amount)) throw new RangeError(`${amount} is no amount.`);
  const then = entry.finish?.then;
  if (then?.kind === "retry") {
    integer(Math.trunc(then.dueAt), "dueAt");
    integer(then.attempt, "attempt");
    bytes += payloadBytes(then.payload);
  }
  if (bytes > entryBytesMax) throw tooLarge("One entry may have at most 64 MiB.");
  return bytes;
}

function exchangeBytes(exchange: NewExchange): number {
  if (exchangeTimeMs(exchange.id) === undefined) throw new RangeError(`${exchange.id} is no id.`);
  if (exchange.parent !== null && exchangeTimeMs(exchange.parent) === undefined)
    throw new RangeError(`${exchange.parent} is no id.`);
  if (exchange.trace !== null && !/^[0-9a-f]{32}$/i.test(exchange.trace))
    throw new RangeError(`${exchange.trace} is no trace.`);
  if (exchange.ending !== null && !endings.includes(exchange.ending))
    throw new RangeError(`${String(exchange.ending)} is no ending.`);
  integer(exchange.startedAt, "startedAt");
  integer(exchange.receivedAt, "receivedAt");
  if (!Number.isFinite(exchange.durationMs)) throw new RangeError("durationMs is no number.");
  small(exchange.status, "status");
  small(exchange.attempt, "attempt");
  const { request, response } = exchange;
  const headers = request.headers.length + (response?.headers.length ?? 0);
  const bodies = (request.body?.bytes.length ?? 0) + (response?.body?.bytes.length ?? 0);
  return rowBytes + headerBytes * headers + bodies;
}

function jobBytes(job: NewJob): number {
  if (exchangeTimeMs(job.exchange) === undefined) throw new RangeError(`${job.exchange} is no id.`);
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

function integer(value: number, name: string): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} is ${value}, which is no whole number.`);
}

function small(value: number | null, name: string): void {
  if (value !== null && (value | 0) !== value)
    throw new RangeError(`${name} is ${value}, which is too large.`);
}
