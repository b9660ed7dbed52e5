import { Failure } from "../../../kernel/failure.ts";
import type { Engines } from "../../../registry/engines.ts";
import { bucket } from "../../../registry/environment.ts";
import type { Upkeep } from "../../../registry/plane.ts";
import { workspace as workspaceKind } from "../../../registry/workspace.ts";
import { BucketRound, byItself, type Budget } from "./bucket-round.ts";
import { keptCatalogue, keptPosition, positionChange } from "./kept-catalogue.ts";

const everyMs = 60_000;
const workspacesMax = 1_000;
/** Exchanges of one round, of one workspace in it, and how many are read at a time. */
const rowsPerRound = 20_000;
const pagesPerWorkspace = 5;
const pageRows = 1_000;
/** Exchanges whose content is read in one round. */
const looksPerRound = 1_000;
/** Where more comes than can be looked at, what is older than this is passed over. */
const behindMsMax = 10 * 60_000;

/**
 * Keeps what is known of each bucket's routes: of the exchanges that were recorded since it last looked, in the order of their
 * commits, those columns that tell a route, and the content of some. A round that is cut short is done again.
 */
export function cataloguing(engines: Engines): Upkeep {
  // Who had to wait when a round was over begins the next.
  let first = 0;
  let seen = -1;
  return {
    name: "cataloguing routes",
    everyMs,
    by: "one",
    async run() {
      const end = await engines.ledger.position();
      if (end === seen) return "done";
      const all = await engines.store.records.every(workspaceKind.kind, { limit: workspacesMax });
      const budget: Budget = { rows: rowsPerRound, looks: looksPerRound };
      let isWhole = true;
      for (const i of all.keys()) {
        const at = (first + i) % all.length;
        if (budget.rows <= 0) {
          first = at;
          return "done";
        }
        const done = await catalogued(engines, all[at]?.id ?? "", budget).catch(again);
        isWhole &&= done;
      }
      if (isWhole) seen = end;
      return "done";
    },
  };
}

/** What changed meanwhile, or could not be asked for, is looked at in the next round. */
function again(error: unknown): false {
  if (error instanceof Failure) return false;
  throw error;
}

/** Answers whether all that there was of the workspace was looked at. */
async function catalogued(engines: Engines, workspace: string, budget: Budget): Promise<boolean> {
  const { store, clock } = engines;
  const rounds = new Map<string, BucketRound | undefined>();
  const begun = await keptPosition(store, workspace);
  let position = begun;
  let isWhole = false;
  for (let page = 0; page < pagesPerWorkspace && budget.rows > 0 && !isWhole; page++) {
    const next = await takePage({ engines, workspace, rounds, budget }, position);
    isWhole = next.isLast;
    position = next.position;
    const isBehind = next.at < clock.now() - behindMsMax;
    if (page === pagesPerWorkspace - 1 && isBehind) position = await engines.ledger.position();
  }
  if (position === begun) return isWhole;
  for (const round of rounds.values()) await round?.commit();
  const at = clock.now();
  await store.commit({ workspace, at, ...byItself, entries: [positionChange(position, at)] });
  return isWhole;
}

type Taking = {
  readonly engines: Engines;
  readonly workspace: string;
  /** By the id of the bucket; undefined = there is no such bucket any more. */
  readonly rounds: Map<string, BucketRound | undefined>;
  readonly budget: Budget;
};

async function takePage({ engines, workspace, rounds, budget }: Taking, from: number) {
  const query = { kinds: ["request"], limit: pageRows };
  const { rows, position } = await engines.ledger.since(workspace, from, query);
  budget.rows -= rows.length;
  const own = rows.filter(({ plane }) => plane === "traffic");
  for (const [id, list] of Map.groupBy(own, ({ subject }) => subject)) {
    if (!rounds.has(id)) rounds.set(id, await roundOf(engines, workspace, id));
    await rounds.get(id)?.take(list, budget);
  }
  return { position, isLast: rows.length === 0, at: rows.at(-1)?.receivedAt ?? Infinity };
}

async function roundOf(engines: Engines, workspace: string, id: string): Promise<BucketRound | undefined> {
  const { store } = engines;
  if ((await store.records.get(workspace, bucket.kind, id)) === undefined) return undefined;
  return new BucketRound(engines, { workspace, id, kept: await keptCatalogue(store, workspace, id) });
}
