import { z } from "zod";
import type { Exchange } from "../../../kernel/exchange.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { waitFor } from "../../../registry/wait.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { lineOf, LogLine } from "../log-view.ts";

const secondsMax = 60;
const rowsPerLook = 500;
const looksMax = 200;

export const waitForWebhook = read({
  name: "wait_for_webhook",
  title: "Wait for a webhook",
  does: "Waits until the endpoint receives a webhook, or one reaches its ending, and answers it. Proof that a setup or a fix works, without polling.",
  verb: "GET",
  path: "/endpoints/:endpointId/wait",
  scope: "logs:read",
  input: z.object({
    endpointId,
    until: z
      .enum(["received", "ended"])
      .default("received")
      .describe("`ended`: delivered, failed, rejected or duplicate."),
    eventType: z.string().max(100).optional().describe("Only events of this type."),
    position: z.int().min(0).optional().describe("Also what came after this position of an earlier answer."),
    timeoutSeconds: z.int().min(1).max(secondsMax).default(30),
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
    const kinds =
      input.until === "received" ? ["event", "test"] : ["event", "test", "attempt", "test_attempt", "ending"];
    const look = async (): Promise<Exchange | undefined> => {
      for (let n = 0; n < looksMax; n++) {
        const page = await ledger.since(workspace, position, { subjects: [id], kinds, limit: rowsPerLook });
        for (const row of page.rows) {
          const root = await matching(context, row, input);
          if (root !== undefined) return root;
        }
        position = page.position;
        if (page.rows.length < rowsPerLook) break;
      }
      return undefined;
    };
    const found = await waitFor(look, traffic, input.timeoutSeconds * 1_000, signal);
    const ended = found === undefined ? null : await endingOf(context, found);
    return {
      found: found !== undefined,
      log: found === undefined ? null : lineOf(found, ended),
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
  { until, eventType }: { readonly until: "received" | "ended"; readonly eventType?: string | undefined },
): Promise<Exchange | undefined> {
  if (until === "ended" && row.ending === null) return undefined;
  const root = row.attempt === null ? row : await ledger.get(workspace, { id: row.parent ?? "" });
  return eventType === undefined || root?.facts["type"] === eventType ? root : undefined;
}

async function endingOf({ ledger, workspace }: Context, root: Exchange): Promise<Exchange["ending"]> {
  if (root.ending !== null) return root.ending;
  const children = await ledger.children(workspace, root.id, 50);
  return children.find(({ ending }) => ending !== null)?.ending ?? null;
}
