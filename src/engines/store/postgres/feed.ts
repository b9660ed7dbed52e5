import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../kernel/failure.ts";
import type { Node } from "../../postgres/node.ts";
import { numberOf, textOf } from "../../stored/row.ts";
import { recordColumns, recordRows } from "../records.ts";
import type { Store, StoredRecord } from "../store.ts";

export type RecordFeed = Store["feed"] & { stop(): Promise<void> };

const everyMs = 250;
const pageSize = 500;

type Place = readonly [seq: number, kind: string, id: string];

const read = `select ${recordColumns}, record.seq from record
  where (seq, kind, id) > ($1, $2, $3) order by seq, kind, id limit ${pageSize}`;

/**
 * Tells what is committed from now on, by any node, in commit order: when a node says that it committed, and every 250 ms
 * for those who did not hear it. Where it reads on is where it was when the connection was lost, so it misses nothing.
 */
export async function recordFeed(
  { id, watching, listener, log }: Pick<Node, "id" | "watching" | "listener" | "log">,
  tell: (changed: readonly StoredRecord[]) => void,
): Promise<RecordFeed> {
  const [row] = await watching.query("select seq from feed");
  let place: Place = [row === undefined ? 0 : numberOf(row, "seq") + 1, "", ""];
  let toldAt = performance.now();
  let wake = new AbortController();
  const stopped = new AbortController();

  /** Reads to the end of what there is. */
  const look = async (): Promise<void> => {
    const began = performance.now();
    let last: number = pageSize;
    while (last === pageSize && !stopped.signal.aborted) {
      const rows = await watching.query(read, place, "feed");
      const end = rows.at(-1);
      if (end !== undefined) place = [numberOf(end, "seq"), textOf(end, "kind"), textOf(end, "id")];
      tell(recordRows.parse(rows));
      last = rows.length;
    }
    toldAt = began;
  };

  const follow = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (!(error instanceof Failure)) log(`the change feed failed: ${String(error)}`);
      }
      // A call that came while it looked was aborted already, and ends the pause at once.
      await sleep(everyMs, undefined, { signal: wake.signal, ref: false }).catch(() => {});
      wake = new AbortController();
    }
  };

  const following = follow();
  listener.on("sluice_records", (committer) => {
    if (committer !== id) wake.abort();
  });
  return {
    silentMs: () => performance.now() - toldAt,
    async stop() {
      stopped.abort();
      wake.abort();
      await following;
    },
  };
}
