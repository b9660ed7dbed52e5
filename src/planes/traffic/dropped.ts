import { z } from "zod";
import { exactSum } from "../../kernel/exact-sum.ts";
import type { Facts } from "../../kernel/exchange.ts";
import type { Context } from "../../registry/context.ts";
import type { Arriving } from "./arriving.ts";
import { receiptsOf } from "./receipt.ts";
import { viewOf } from "./view.ts";
import type { Window } from "./window.ts";

/** Why something was dropped: of one batch, and in one answer. */
const reasonsMax = 20;
/** Batches of which something is missing that are added up. */
const batchesMax = 1_000;
const reasonPrefix = "dropped.";

/** What senders could not keep, by when they told of it. */
export const Dropped = z.object({
  records: z.int(),
  summaries: z.int().describe("Series of counts, of which the figures do not know."),
  whole: z.boolean().describe("false = there was more: the newest is added up."),
  untrusted: z.object({
    reasons: z.record(z.string(), z.int()).describe(`Of both together, at most ${reasonsMax}.`),
  }),
});

/** What a receipt of a batch says of it, its reasons put in the form that `text` gives them. */
export function droppedFacts({ dropped }: Arriving, text: (reason: string) => string): Facts {
  const { records, summaries, reasons } = dropped;
  const byReason = Object.entries(reasons)
    .slice(0, reasonsMax)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => [reasonPrefix + text(reason), count] as const);
  return {
    dropped: records,
    ...(summaries > 0 && { droppedSummaries: summaries }),
    ...Object.fromEntries(byReason),
  };
}

/** @throws Failure as `viewOf` says */
export async function droppedIn(
  context: Context,
  place: Parameters<typeof viewOf>[1],
  window: Window,
): Promise<z.output<typeof Dropped>> {
  const { ledger, workspace } = context;
  const { subjects } = await viewOf(context, place);
  if (subjects.length === 0) return droppedOf([]);
  const { rows } = await ledger.find({
    workspace,
    where: {
      plane: "traffic",
      subjects: subjects.map((bucket) => receiptsOf(bucket, true)),
      ...window,
    },
    limit: batchesMax,
  });
  return droppedOf(rows.map(({ facts }) => facts));
}

function droppedOf(batches: readonly Facts[]): z.output<typeof Dropped> {
  const total = (name: string): number =>
    batches.reduce((sum, facts) => exactSum(sum, Number(facts[name] ?? 0)), 0);
  const names = new Set(batches.flatMap(Object.keys).filter((name) => name.startsWith(reasonPrefix)));
  const reasons = [...names]
    .map((name) => [name.slice(reasonPrefix.length), total(name)] as const)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, reasonsMax);
  return {
    records: total("dropped"),
    summaries: total("droppedSummaries"),
    whole: batches.length < batchesMax,
    untrusted: { reasons: Object.fromEntries(reasons) },
  };
}
