import { hash } from "node:crypto";
import { compileSelection } from "../../../capture/selection.ts";
import type { CapturedRecord } from "../../../capture/wire.ts";
import type { Ready } from "./live-rules.ts";
import { seenIn } from "./seen.ts";

/**
 * The record with its weight, or nothing: for what came without an agent that decides. Which are kept follows from their
 * ids, so that a batch that is sent again is decided alike.
 */
export function sampled<R extends CapturedRecord>(
  record: R,
  { samplings }: Pick<Ready, "samplings">,
): readonly R[] {
  const rule = samplings.find(({ selection }) => compileSelection(selection)(seenIn(record)));
  if (rule === undefined || (rule.keepErrors && isFault(record))) return [record];
  if (shareOf(record.id) >= rule.rate) return [];
  return [{ ...record, weight: record.weight / rule.rate }];
}

export function isFault({ status, outcome }: Pick<CapturedRecord, "status" | "outcome">): boolean {
  return outcome === "failed" || (status !== null && status >= 500);
}

/** From 0 to 1, the same for the same id, and evenly spread whatever ids are made of. */
function shareOf(id: string): number {
  return Number.parseInt(hash("sha256", id).slice(0, 8), 16) / 2 ** 32;
}
