import { randomBytes } from "node:crypto";
import type { Ledger } from "../src/engines/ledger/ledger.ts";
import { contentBytes } from "../src/engines/stored/content.ts";

/** Exchanges evenly over [from, to): half events, half attempts that end them, 5 % as failed. */
export type BenchTerms = {
  readonly exchanges: number;
  readonly subjects: number;
  readonly from: number;
  readonly to: number;
};

export type BenchLedger = {
  readonly ledger: Ledger;
  /** Of events. */
  readonly ids: readonly string[];
  /** Of everything stored, indexes included. */
  readonly bytes: number;
  readonly close: () => Promise<void>;
};

export const workspace = "ws_bench";

const body = { bytes: randomBytes(20), size: 20, sha256: "", truncated: false };
export const content = contentBytes({ request: { headers: [["x", "y"]], body }, response: null });
