import { z } from "zod";
import type { Exchange } from "../../../kernel/exchange.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { waitFor } from "../../../registry/wait.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { endingAmong, lineOf, LogLine } from "../log-view.ts";

const untils = ["received", "attempted", "ended"] as const;
type Until = (typeof untils)[number];

const kindsOf: Readonly<Record<Until, readonly string[]>> = {
  received: ["event", "test"],
  attempted: ["attempt", "test_attempt", "replay"],
  ended: ["event", "test", "attempt", "test_attempt", "ending"],
};
const secondsMax = 60;
const rowsPerLook = 500;
const looksMax = 200;

export const waitForWebhook = read({
  name: "wait_for_webhook",
  title: "Wait for a webhook",
  does: "Waits until the endpoint receives a webhook, or one is attempted or reaches its ending, and answers it. Proof that a setup or a fix works, without polling.",
  verb: "GET",
  path: "/endpoints/:endpointId/wait",
  scope: "logs:read",
  input: z.object({
    endpointId,
    until: z
      .enum(untils)
      .default("received")
      .describe(
        "`attempted`: a delivery, test or replay was tried; `ended`: delivered, failed, rejected or duplicate.",
      ),
    eventType: z.string().max(100).optional().describe("Only events of this type."),
    position: z.int().min(0).optional().describe("Also what came after this position of an earlier answer."),
    timeoutSeconds: z
      .int()
      .min(0)
      .max(secondsMax)
      .default(30)
      .describe("0 = answer at once, with the position as it is."),
  }),
  output: z.object({
    found: z.boolean(),
    log: LogLine.nullable(),
    position: z.int().describe("Pass it to the next call to miss nothing in between."),
    next: z.string(),
  }),
  async run(input, context) {
    const { id } = await endpointOf(context, input.endpointId);
    const { ledger, traffic, workspace, signal } = context;
    let position = input.position ?? (await ledger.position());
    const kinds = kindsOf[input.until];
    const look = async (): Promise<Exchange | undefined> => {
      for (let n = 0; n < looksMax; n++) {
        const page = await ledger.since(workspace, position, { subjects: [id], kinds, limit: rowsPerLook });
        for (const [index, row] of page.rows.entries()) {
          const root = await matching(context, row, input);
          if (root === undefined) continue;
          // The position right behind this row: what follows it is for the next call.
          position = (await ledger.since(workspace, position, { subjects: [id], kinds, limit: index + 1 }))
            .position;
          return root;
        }
        position = page.position;
        if (page.rows.length === 0) break;
      }
      return undefined;
    };
    const found = await waitFor(look, traffic, input.timeoutSeconds * 1_000, signal);
    return {
      found: found !== undefined,
      log: found === undefined ? null : await lineNow(context, found),
      position,
      next:
        found === undefined
          ? "Nothing came in time. Call again with this position, or look at list_logs."
          : `get_log_detail ${found.id} shows it whole.`,
    };
  },
});

async function matching(
  { ledger, workspace }: Context,
  row: Exchange,
  { until, eventType }: { readonly until: Until; readonly eventType?: string | undefined },
): Promise<Exchange | undefined> {
  if (until === "ended" && row.ending === null) return undefined;
  const root = row.attempt === null ? row : await ledger.get(workspace, { id: row.parent ?? "" });
  return eventType === undefined || root?.facts["type"] === eventType ? root : undefined;
}

/** As it stands by now: since it was found, more may have come of it. */
async function lineNow({ ledger, workspace }: Context, root: Exchange): Promise<z.output<typeof LogLine>> {
  const ended = (await ledger.get(workspace, { id: root.id }))?.ended ?? null;
  // Read after it, so that the latest of them is no older than the ending told.
  const attempts = await ledger.attemptsOf(workspace, [root.id]);
  return lineOf(root, ended ?? endingAmong(attempts), attempts.at(-1));
}
