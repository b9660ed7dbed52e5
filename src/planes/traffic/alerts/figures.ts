import { z } from "zod";
import type { Watch } from "./watch.ts";

/** What was counted in the window of an alert. */
export const Figures = z.object({
  /** ms. */
  from: z.int(),
  /** ms, exclusive. */
  to: z.int(),
  /** Of webhooks received, for the remainder. */
  requests: z.int(),
  /** Errors, requests that took longer than asked for, or webhooks that are missing. */
  over: z.int(),
  /** The percentile, where one is asked for and there are requests. */
  percentileMs: z.number().nullable(),
  /** Ids of webhooks that are missing, some of them. */
  events: z.array(z.string()),
});

export type Figures = z.output<typeof Figures>;

/** What was counted, as it is shown: what is of no interest to the alert is left out. */
export const FiguresView = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  requests: z.int().optional(),
  errors: z.int().optional(),
  errorRate: z.number().nullable().optional().describe("0 to 1; null without requests."),
  slower: z.int().optional().describe("Requests that took longer than asked for."),
  percentileMs: z.number().nullable().optional(),
  received: z.int().optional().describe("Webhooks."),
  remainder: z.int().optional(),
  events: z.array(z.string()).optional().describe("Webhooks behind a remainder, at most 20."),
});

export function figuresView(
  { from, to, requests, over, percentileMs, events }: Figures,
  { kind }: Watch,
): z.output<typeof FiguresView> {
  const window = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const rate = requests === 0 ? null : Number((over / requests).toFixed(6));
  if (kind === "absence") return { ...window, requests };
  if (kind === "response_time") return { ...window, requests, slower: over, percentileMs };
  if (kind === "error_rate") return { ...window, requests, errors: over, errorRate: rate };
  return { ...window, received: requests, remainder: over, events };
}
