import { z } from "zod";
import type { Exchange } from "../../../kernel/exchange.ts";
import type { Context } from "../../../registry/context.ts";
import { lineOf, RequestLine } from "../request-view.ts";
import { viewOf } from "../view.ts";

const dayMs = 86_400_000;
const examplesShown = 5;
/** Rows looked at, and how many at a time: fewer where their content is needed. */
const bounds = {
  columns: { most: 20_000, atATime: 1_000 },
  content: { most: 2_000, atATime: 100 },
};

/** What a rule would have been about. */
export const Preview = z.object({
  matched: z.int(),
  of: z.int().describe("Requests of the last 24 hours that were looked at, newest first."),
  whole: z.boolean().describe("false = there were more than were looked at."),
  examples: z.array(RequestLine),
});

/** What of the last 24 hours matches, in one environment or all. */
export async function previewOf(
  context: Context,
  environment: string | null,
  matches: (exchange: Exchange) => boolean,
  content: boolean,
): Promise<z.output<typeof Preview>> {
  const { ledger, workspace, now, signal } = context;
  const { most, atATime } = content ? bounds.content : bounds.columns;
  const view = await viewOf(context, environment === null ? {} : { environment });
  const examples: Exchange[] = [];
  let [matched, of] = [0, 0];
  let after: { readonly startedAt: number; readonly id: string } | undefined;
  let whole = view.subjects.length === 0;
  while (!whole && of < most && !signal.aborted) {
    const { rows } = await ledger.find({
      workspace,
      where: { plane: "traffic", subjects: view.subjects, kinds: ["request"], from: now - dayMs },
      limit: atATime,
      content,
      ...(after && { after }),
    });
    for (const row of rows) {
      if (!matches(row)) continue;
      matched++;
      if (examples.length < examplesShown) examples.push(row);
    }
    of += rows.length;
    after = rows.at(-1);
    whole = rows.length < atATime;
  }
  return { matched, of, whole, examples: examples.map(lineOf) };
}
