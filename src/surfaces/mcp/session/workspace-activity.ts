import type { Engines } from "../../../registry/engines.ts";
import type { Document } from "../../../registry/plane.ts";

const lookEveryMs = 2_000;

export type Follows = NonNullable<Document["follows"]>;

/** Whether anything happened in a workspace that could have changed a document. */
export type Activity = {
  /** Differs from an earlier one when something that the document follows has happened in between. */
  stamp(follows: Follows): string;
  stop(): void;
};

type Watched = {
  records: Map<string, number>;
  traffic: number;
  position: number | undefined;
  watchers: number;
};

/**
 * Counts changes of records as they are told, and looks for traffic every 2 s, only in workspaces that somebody watches.
 */
export function workspaceActivity(
  engines: Pick<Engines, "store" | "ledger" | "log">,
): (workspace: string) => Activity {
  const watched = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  engines.store.onChange((changed) => {
    for (const { workspace, kind } of changed) {
      const records = watched.get(workspace)?.records;
      records?.set(kind, (records.get(kind) ?? 0) + 1);
    }
  });

  async function look(workspace: string, it: Watched): Promise<void> {
    const { ledger } = engines;
    const now = await ledger.position();
    if (it.position !== undefined) {
      const { rows } = await ledger.since(workspace, it.position, { limit: 1 });
      if (rows.length > 0) it.traffic++;
    }
    it.position = now;
  }

  async function lookAtAll(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      for (const [workspace, it] of watched) await look(workspace, it);
    } catch (error) {
      engines.log(`new traffic was not looked for: ${String(error)}`);
    } finally {
      isLooking = false;
    }
  }

  return (workspace) => {
    const it: Watched = watched.get(workspace) ?? {
      records: new Map(),
      traffic: 0,
      position: undefined,
      watchers: 0,
    };
    it.watchers++;
    watched.set(workspace, it);
    timer ??= setInterval(() => void lookAtAll(), lookEveryMs).unref();
    let isStopped = false;
    return {
      stamp: ({ records, traffic }) =>
        `${records.map((kind) => it.records.get(kind) ?? 0).join()} ${traffic ? it.traffic : ""}`,
      stop() {
        if (isStopped) return;
        isStopped = true;
        it.watchers--;
        if (it.watchers === 0) watched.delete(workspace);
        if (watched.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      },
    };
  };
}
