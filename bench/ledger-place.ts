import { randomBytes } from "node:crypto";
import type { Ledger } from "../src/engines/ledger/ledger.ts";
import { contentBytes } from "../src/engines/stored/content.ts";
import { wallClock } from "../src/kernel/clock.ts";
import type { NewExchange } from "../src/kernel/exchange.ts";
import { newExchangeId } from "../src/kernel/id.ts";
import { benchExchange } from "./bench-exchange.ts";
import { webhookContent } from "./webhook-content.ts";

export const workspace = "ws_bench";
export const subjects = 20;
export const dayMs = 24 * 3_600_000;

/** Exchanges evenly over [from, to): half events, half attempts that end them, 5 % as failed, with narrow contents. */
export type LedgerTerms = { readonly exchanges: number; readonly from: number; readonly to: number };

/** A ledger with those in it. */
export type LedgerPlace = {
  readonly ledger: Ledger;
  readonly commit: (exchange: NewExchange) => Promise<unknown>;
  /** Of events. */
  readonly ids: readonly string[];
  /** Of everything stored, indexes included. */
  readonly bytes: number;
  /** The process whose children do the work of a database server; null where it is done in this process. */
  readonly serverPid: number | null;
  close(): Promise<void>;
};

const body = { bytes: randomBytes(20), size: 20, sha256: "", truncated: false };
export const narrowContent = contentBytes({ request: { headers: [["x", "y"]], body }, response: null });

export function subjectOf(n: number): string {
  return `ep_${String(n).padStart(22, "0")}`;
}

export function duration(): number {
  return Math.exp(Math.random() * 6);
}

const contents = Array.from({ length: 500 }, () => webhookContent(wallClock.now()));

const committers = 64;

/** Delivers so many events, 64 at a time. */
export async function deliverAll(place: Pick<LedgerPlace, "commit">, events: number): Promise<void> {
  let next = 0;
  const deliverer = async () => {
    while (next < events) await deliver(place, next++);
  };
  await Promise.all(Array.from({ length: committers }, deliverer));
}

export async function rollAll({ ledger }: Pick<LedgerPlace, "ledger">): Promise<void> {
  while ((await ledger.roll(50_000)) > 0);
}

/** Commits an event of 2.3 KB and then the attempt that ends it, as a delivery does. */
export async function deliver({ commit }: Pick<LedgerPlace, "commit">, n: number): Promise<void> {
  const at = wallClock.now();
  const content = contents[n % contents.length] ?? webhookContent(at);
  const event = benchExchange({ workspace, subject: subjectOf(n % subjects), ...content });
  await commit(event);
  const more = {
    kind: "attempt",
    parent: event.id,
    attempt: 1,
    outcome: "delivered",
    ending: "delivered",
  } as const;
  const bare = { request: { headers: [], body: null }, response: null };
  const attempt = {
    ...event,
    ...more,
    ...bare,
    id: newExchangeId(at),
    startedAt: wallClock.now(),
    durationMs: duration(),
  };
  await commit(attempt);
}
