import type { NewExchange } from "../../kernel/exchange.ts";
import { Failure } from "../../kernel/failure.ts";
import type { NewJob } from "../../kernel/job.ts";
import type { Summary } from "../../kernel/summary.ts";
import { contentBytesMax, factsText, headerTexts, isBare, writeContent } from "../stored/content.ts";
import { packSummaries, refuseOddSummaries, type SummaryPack } from "../stored/summary-pack.ts";
import type { PackWriter } from "./pack.ts";

/** A job as it is stored; `parked`: the queue has no room for it in memory and will look for it in the table. */
export type JobRow = { readonly job: NewJob; readonly parked: boolean };

/** What one commit asks for: all of it or, for a duplicate or a stale finish, what `GroupResult` tells. */
export type FileEntry = {
  readonly exchanges: readonly NewExchange[];
  readonly jobs: readonly JobRow[];
  readonly unless?: { readonly key: string; readonly expiresAt: number };
  readonly finish?: Finish;
  readonly tally?: readonly { readonly key: string; readonly amount: number }[];
  readonly summaries?: readonly Summary[];
};

/**
 * What becomes of a job. `stale`: it is known to be no longer the caller's, so only the exchanges are recorded,
 * without an ending; the same happens when its row is gone. `cancel` records nothing when its row is gone.
 */
export type Finish = {
  readonly job: string;
  readonly then:
    | { readonly kind: "done" | "stale" | "cancel" }
    | { readonly kind: "retry"; readonly dueAt: number; readonly attempt: number; readonly payload: string };
};

export const finishes = { none: 0, done: 1, retry: 2, stale: 3, cancel: 4 } as const;

const payloadCharactersMax = 65_536;

/** Appends the entry to the pack, in the order that `GroupWriter` reads it. */
export function writeEntry(pack: PackWriter, entry: FileEntry): void {
  writeFinish(pack, entry.finish);
  writeUnless(pack, entry.unless);
  pack.number(entry.exchanges.length);
  for (const exchange of entry.exchanges) writeExchange(pack, exchange);
  pack.number(entry.jobs.length);
  for (const job of entry.jobs) writeJob(pack, job);
  const tally = entry.tally ?? [];
  pack.number(tally.length);
  for (const { key, amount } of tally) {
    pack.name(key);
    pack.number(amount);
  }
  writeSummaries(pack, entry.summaries ?? []);
}

function writeSummaries(pack: PackWriter, summaries: readonly Summary[]): void {
  refuseOddSummaries(summaries);
  const packs = packSummaries(summaries);
  pack.number(packs.length);
  for (const one of packs) writeSummaryPack(pack, one);
}

function writeSummaryPack(pack: PackWriter, { series, ...place }: SummaryPack): void {
  pack.name(place.workspace);
  pack.name(place.environment);
  pack.name(place.bucket);
  pack.integer(place.first);
  pack.integer(place.last);
  pack.bytes(series.length, (to, at) => {
    to.set(series, at);
    return at + series.length;
  });
}

function writeFinish(pack: PackWriter, finish: Finish | undefined): void {
  if (finish === undefined) {
    pack.number(finishes.none);
    return;
  }
  const { then } = finish;
  pack.number(finishes[then.kind]);
  pack.text(finish.job);
  if (then.kind !== "retry") return;
  pack.integer(then.dueAt);
  pack.integer(then.attempt);
  writePayload(pack, then.payload);
}

function writeUnless(pack: PackWriter, unless: FileEntry["unless"]): void {
  pack.number(unless === undefined ? 0 : 1);
  if (unless === undefined) return;
  pack.text(unless.key);
  pack.integer(unless.expiresAt);
}

function writeExchange(pack: PackWriter, exchange: NewExchange): void {
  pack.hex(exchange.id, 3);
  pack.hex(exchange.parent, 3);
  pack.hex(exchange.trace, 0);
  pack.name(exchange.workspace);
  pack.name(exchange.environment);
  pack.name(exchange.bucket);
  pack.name(exchange.plane);
  pack.name(exchange.kind);
  pack.name(exchange.subject);
  pack.integer(exchange.startedAt);
  pack.number(exchange.durationMs);
  pack.name(exchange.method);
  pack.name(exchange.host);
  pack.name(exchange.path);
  pack.name(exchange.route);
  pack.integerOrNull(exchange.status);
  pack.name(exchange.outcome);
  pack.integerOrNull(exchange.attempt);
  pack.name(exchange.error);
  pack.name(exchange.ending);
  pack.integer(exchange.receivedAt);
  pack.name(factsText(exchange.facts));
  writeContentOf(pack, exchange);
}

function writeContentOf(pack: PackWriter, exchange: NewExchange): void {
  if (isBare(exchange)) {
    pack.number(-1);
    return;
  }
  const headers = headerTexts(exchange);
  pack.bytes(contentBytesMax(exchange, headers), (to, at) => writeContent(to, at, exchange, headers));
}

function writeJob(pack: PackWriter, { job, parked }: JobRow): void {
  pack.text(job.id);
  pack.name(job.workspace);
  pack.name(job.name);
  writePayload(pack, job.payload);
  pack.name(job.lane);
  pack.name(job.key);
  pack.integer(job.dueAt);
  pack.integer(job.attempt);
  pack.hex(job.exchange, 3);
  pack.integer(job.receivedAt);
  pack.name(job.subject);
  pack.integerOrNull(parked ? 1 : null);
}

function writePayload(pack: PackWriter, payload: string): void {
  if (payload.length > payloadCharactersMax) {
    throw new Failure("too_large", "A job's payload may have at most 64 KiB.", {
      hint: "Keep bodies in the exchange and refer to it.",
    });
  }
  pack.text(payload);
}
