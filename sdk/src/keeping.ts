import type { Seen } from "../../capture/selection.ts";
import type { CapturedOutcome } from "../../capture/wire.ts";
import type { Ruleset } from "./ruleset.ts";

const minuteMs = 60_000;
/** Of the payloads of a minute, what requests that did not fail may use: the rest is for those that did. */
const shareOfOrdinary = 0.75;
const serverErrors = 500;

/** What this needs of settings. */
export type Wanted = Pick<Ruleset, "isExcluded" | "samplingOf"> & {
  readonly settings: { readonly payloadsPerMinuteMax: number };
};

export type Candidate = {
  readonly seen: Seen;
  readonly outcome: CapturedOutcome;
  /** The record that began it: what a request causes is kept with it. */
  readonly root: string;
  readonly atMs: number;
};

/** `weight` = 1 / the probability that it is kept. */
export type Verdict =
  | { readonly kept: true; readonly weight: number }
  | { readonly kept: false; readonly overLimit: boolean };

/** Decides which exchanges become records: exclusions, then samplings, then the limit of the minute. */
export class Keeping {
  #minute = 0;
  #kept = 0;

  decide(rules: Wanted, { seen, outcome, root, atMs }: Candidate): Verdict {
    if (rules.isExcluded(seen)) return { kept: false, overLimit: false };
    const isError = outcome === "failed" || (seen.status ?? 0) >= serverErrors;
    const sampling = rules.samplingOf(seen);
    const rate = sampling === undefined || (isError && sampling.keepErrors !== false) ? 1 : sampling.rate;
    if (diceOf(root) >= rate) return { kept: false, overLimit: false };
    if (!this.#fits(rules.settings.payloadsPerMinuteMax, isError, atMs))
      return { kept: false, overLimit: true };
    return { kept: true, weight: 1 / rate };
  }

  #fits(perMinuteMax: number, isError: boolean, atMs: number): boolean {
    const minute = Math.floor(atMs / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#kept = 0;
    }
    if (this.#kept >= (isError ? perMinuteMax : perMinuteMax * shareOfOrdinary)) return false;
    this.#kept += 1;
    return true;
  }
}

/** From 0 to below 1, the same for all that carry the id: its last 32 bits are random. */
function diceOf(id: string): number {
  return Number.parseInt(id.slice(-8), 16) / 2 ** 32;
}
