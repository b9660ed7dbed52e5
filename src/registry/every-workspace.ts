import type { Engines } from "./engines.ts";
import { decodedRow } from "./unit.ts";
import { workspace } from "./workspace.ts";

const pageSize = 1_000;

/** Every workspace, in order of their ids; of those that come or go meanwhile perhaps not. */
export async function* everyWorkspace({ store }: Pick<Engines, "store">) {
  let after: string | undefined;
  do {
    const page = await store.records.every(workspace.kind, {
      limit: pageSize,
      ...(after !== undefined && { after }),
    });
    for (const stored of page) yield decodedRow(workspace, stored);
    after = page.length === pageSize ? page.at(-1)?.id : undefined;
  } while (after !== undefined);
}
