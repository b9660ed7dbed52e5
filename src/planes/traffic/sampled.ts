import { hash } from "node:crypto";
import { compileSelection, type Seen } from "../../../capture/selection.ts";
import type { CapturedRecord, Selection } from "../../../capture/wire.ts";
import type { Ready } from "./rules-in-force.ts";
import { seenIn } from "./seen.ts";

/**
 * The record with its weight, or nothing: for what came without an agent that decides. Which are kept follows from their
 * ids, so that a batch that is sent again is decided alike.
 */
export function sampled<R extends CapturedRecord>(
  record: R,
  { samplings }: Pick<Ready, "samplings">,
): readonly R[] {
  if (samplings.length === 0) return [record];
  const seen = seenIn(record);
  const rule = samplings.find(({ selection }) => matcherOf(selection)(seen));
  if (rule === undefined || (rule.keepErrors && isFault(record))) return [record];
  if (shareOf(record.id) >= rule.rate) return [];
  return [{ ...record, weight: record.weight / rule.rate }];
}

/** Rules stay the same objects for as long as they are in force. */
const matchers = new WeakMap<Selection, (seen: Seen) => boolean>();

function matcherOf(selection: Selection): (seen: Seen) => boolean {
  const known = matchers.get(selection);
  if (known !== undefined) return known;
  const made = compileSelection(selection);
  matchers.set(selection, made);
  return made;
}

export function isFault({ status, outcome }: Pick<CapturedRecord, "status" | "outcome">): boolean {
  return outcome === "failed" || (status !== null && status >= 500);
}

/** From 0 to 1, the same for the same id, and evenly spread whatever ids are made of. */
function shareOf(id: string): number {
  return Number.parseInt(hash("sha256", id).slice(0, 8), 16) / 2 ** 32;
}
