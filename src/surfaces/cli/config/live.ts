import { outputOf, type Ask } from "../ask.ts";
import { isEntry, type Entry } from "./document.ts";
import { keyIn, type Kind } from "./kind.ts";

/** A record as the server has it. */
export type Live = { readonly id: string; readonly view: Entry };

const pagesMax = 10_000;

/** The live records of a kind by their keys, in the order that documents have them in. @throws Failure when the server refuses */
export async function liveRecords(kind: Kind, ask: Ask): Promise<ReadonlyMap<string, Live>> {
  const found = new Map<string, Live>();
  let cursor: unknown;
  for (let page = 1; page <= pagesMax; page++) {
    const output = outputOf(await ask(kind.list, cursor === undefined ? {} : { cursor }));
    const rows = output[kind.rows];
    for (const view of Array.isArray(rows) ? rows.filter(isEntry) : [])
      found.set(keyIn(view, kind.key), { id: String(view["id"]), view });
    cursor = output["nextCursor"] ?? undefined;
    if (cursor === undefined) break;
  }
  return kind.inOrder ? found : new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
