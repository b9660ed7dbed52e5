import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { isConfined, mayReach, type Principal } from "../../../kernel/principal.ts";
import { quoted } from "../../../kernel/quoted.ts";
import type { Context } from "../../../registry/context.ts";
import { alert, type Alert, type AlertRow } from "./alert.ts";

export const alertId = z.string().min(1).max(100).describe("Its id (`alr_…`) or name.");

/** The alert of an id or a name. @throws Failure not_found */
export async function alertOf({ unit }: Pick<Context, "unit">, idOrName: string): Promise<AlertRow> {
  const row = (await unit.get(alert, idOrName)) ?? (await unit.byKey(alert, "name", idOrName));
  if (row !== undefined) return row;
  throw new Failure("not_found", `No alert ${quoted(idOrName)}.`, {
    pointer: "/alertId",
    hint: "list_alerts shows the ids.",
  });
}

/** Whether all that the figures of an alert are of may be seen. */
export function mayKnow(principal: Principal, { environment, bucket }: Alert): boolean {
  if (!isConfined(principal)) return true;
  const { environment: own, buckets } = principal.confines;
  // What is of all environments or buckets is of others than the caller's too.
  if ((own !== undefined && environment === null) || (buckets !== undefined && bucket === null)) return false;
  return mayReach(principal, { environment: environment ?? "", bucket: bucket ?? "" });
}
