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
  const enough = !("requestsMin" in watch) || figures.requests >= watch.requestsMin;
  return { verdict: verdictOf(watch, figures, knownFrom), enough, figures };
}

function verdictOf(watch: Watch, figures: Figures, knownFrom: number): Judged["verdict"] {
  const { requests, over, from } = figures;
  if (watch.kind === "remainder") return over === 0 ? "well" : "over";
  if (watch.kind === "absence") {
    if (requests >= watch.fewerThan) return "well";
    return from < knownFrom ? "unknown" : "over";
  }
  if (requests === 0) return "unknown";
  const isOver =
    watch.kind === "error_rate" ? over / requests > watch.above : isSlow(figures, watch.percentile);
  return isOver ? "over" : "well";
}

/** Whether the percentile, which lies between two ranks, is above for sure: that of its lower rank is. */
function isSlow({ requests, over }: Figures, percentile: number): boolean {
  return over >= requests - Math.floor(((requests - 1) * percentile) / 100);
}
