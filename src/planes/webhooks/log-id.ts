import { z } from "zod";
import type { Listed } from "../../engines/ledger/ledger.ts";
import { Failure } from "../../kernel/failure.ts";
import { mayReach } from "../../kernel/principal.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { Context } from "../../registry/context.ts";

export const logId = z
  .union([z.string().min(1).max(100), z.int().min(1)])
  .describe("The log's id (`ex_…`), or its short number: `42` or `#42`.");

/** The webhook exchange an id or short number names. @throws Failure not_found, also for another workspace's */
export async function logOf(context: Context, asked: string | number): Promise<Listed> {
  const { workspace, ledger, principal } = context;
  const number = /^#?(\d{1,15})$/.exec(String(asked))?.[1];
  const id = String(asked);
  const found = await ledger.get(workspace, number === undefined ? { id } : { number: Number(number) });
  if (found?.plane === "webhooks" && mayReach(principal, found)) return found;
  throw new Failure("not_found", `No log ${quoted(id)}.`, {
    pointer: "/logId",
    hint: "list_logs shows the ids and numbers. Logs are removed when the plan's retention ends.",
  });
}
