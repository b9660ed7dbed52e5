import type { Figures } from "./figures.ts";
import type { Watch } from "./watch.ts";

/** What the figures of one window say. */
export type Judged = {
  /** `unknown`: there is nothing to tell by. */
  readonly verdict: "over" | "well" | "unknown";
  /** Whether it is enough to fire by; with less, an alert that fires goes on to. */
  readonly enough: boolean;
  /** The window; where it ends is what it is known by. */
  readonly figures: Figures;
};

/** `knownFrom`: when counting began, or began again; what was counted before may be too little. */
export function judgedOf(watch: Watch, figures: Figures, knownFrom: number): Judged {
  const { requests, over, from } = figures;
  switch (watch.kind) {
    case "error_rate":
      return {
        verdict: requests === 0 ? "unknown" : over / requests > watch.above ? "over" : "well",
        enough: requests >= watch.requestsMin,
        figures,
      };
    case "response_time":
      return {
        verdict: requests === 0 ? "unknown" : isSlow(figures, watch.percentile) ? "over" : "well",
        enough: requests >= watch.requestsMin,
        figures,
      };
    case "absence":
      return {
        verdict: requests >= watch.fewerThan ? "well" : from < knownFrom ? "unknown" : "over",
        enough: true,
        figures,
      };
    case "remainder":
      return { verdict: over === 0 ? "well" : "over", enough: true, figures };
  }
}

/** Whether the percentile, which lies between two ranks, is above for sure: that of its lower rank is. */
function isSlow({ requests, over }: Figures, percentile: number): boolean {
  return over >= requests - Math.floor(((requests - 1) * percentile) / 100);
}
