import type { Clock } from "../../kernel/clock.ts";
import { exchangeTimeMs } from "../../kernel/id.ts";
import { idBytes } from "../sqlite/exchange-row.ts";
import type { SqlValue } from "../stored/row.ts";
import type { TrafficFile } from "../sqlite/traffic-file.ts";
import { named, selectWithContent } from "../sqlite/traffic-schema.ts";
import { attemptsOf, childrenOf } from "./sqlite/attempts.ts";
import { measured, statesCounted } from "./sqlite/figures.ts";
import { endedColumn, findRows, listedOf } from "./sqlite/find.ts";
import { foldUp } from "./sqlite/folding.ts";
import { expireIntervals } from "./sqlite/interval-removal.ts";
import { knownOf } from "./sqlite/known.ts";
import type { Ledger, Listed } from "./ledger.ts";
import { redactRow } from "./sqlite/redaction.ts";
import { expireRows, purgeRows } from "./sqlite/removal.ts";
import { lastSeq, sinceRows } from "./sqlite/since.ts";
import { rollUp } from "./sqlite/rolling.ts";
import { summed } from "./sqlite/sum.ts";
import { sealing } from "./sqlite/sealing.ts";
import { turns } from "./turns.ts";

/**
 * The ledger in the database that the journal writes: complete at every moment. Queries run on the file's reader
 * threads. Closing it waits for its own changes and leaves the file open.
 */
export function sqliteLedger(file: TrafficFile, clock: Clock): Ledger {
  const turn = turns();
  const blocks = sealing(file, turn);
  // Whether what was replaced or purged may stand in the log: after a crash too.
  let isInLog = true;
  return {
    async find(query) {
      const completeUntil = clock.now();
      return { rows: await findRows(file, clock, query), completeUntil };
    },
    async get(workspace, key) {
      if ("number" in key) return await one(file, "exchange.number = ?", [key.number, workspace]);
      return isId(key.id) ? await one(file, "exchange.id = ?", [idBytes(key.id), workspace]) : undefined;
    },
    known: (workspace, ids) => knownOf(file, workspace, ids),
    children: (workspace, parent, limit) => childrenOf(file, { workspace, parent, limit }),
    attemptsOf: (workspace, parents) => attemptsOf(file, workspace, parents),
    measure: (query) => measured(file, query),
    countStates: (query) => statesCounted(file, query),
    sum: (query) => summed(file, query),
    async roll(limit) {
      const folded = await foldUp(file, turn, limit);
      return folded + (await rollUp(file, turn, limit - folded));
    },
    since: (workspace, position, query) => sinceRows(file, { ...query, workspace, position }),
    async position() {
      return await lastSeq(file);
    },
    async expire(due, limit) {
      let removed = 0;
      for (const of of due) {
        removed += await expireRows(file, turn, { ...of, limit });
        await expireIntervals(file, turn, { ...of, limit });
      }
      return removed;
    },
    async purge(workspace, subject, limit) {
      const removed = await purgeRows(file, turn, { workspace, subject, limit });
      if (removed > 0) isInLog = true;
      return removed;
    },
    redact: (workspace, id, replace) =>
      turn(async () => {
        const seq = isId(id) ? await redactRow(file, { workspace, id }, replace) : undefined;
        if (seq === undefined) return false;
        isInLog = true;
        blocks.reopen(seq);
        file.changed(id);
        return true;
      }),
    async seal(limit) {
      const sealed = await blocks.seal(limit);
      if (isInLog) isInLog = !(await file.emptyLog());
      return sealed;
    },
    close: () => turn(async () => {}),
  };
}

function isId(text: string): boolean {
  return exchangeTimeMs(text) !== undefined;
}

async function one(file: TrafficFile, by: string, params: readonly SqlValue[]): Promise<Listed | undefined> {
  const select = selectWithContent(endedColumn);
  const [row] = await file.read(`${select} where ${by} and exchange.workspace = ${named}`, params);
  return row && listedOf(row);
}
