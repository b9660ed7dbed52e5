import { z } from "zod";
import type { Version } from "./records.ts";
import { actorColumns, bounded, json, type Ask } from "./row.ts";
import type { Change, Snapshot } from "./store.ts";

const snapshot = json
  .pipe(
    z.object({ value: z.record(z.string(), z.unknown()), fingerprints: z.record(z.string(), z.string()) }),
  )
  .nullable();

const changeRows = z.array(
  z
    .object({
      kind: z.string(),
      id: z.string(),
      version: z.number(),
      at: z.number(),
      operation: z.string(),
      before: snapshot,
      after: snapshot,
      restores: z.number().nullable(),
      audit: z.string().nullable(),
      ...actorColumns,
    })
    .transform(({ actor_kind, actor_id, ...change }): Change => ({
      ...change,
      actor: { kind: actor_kind, id: actor_id },
    })),
);

const columns = "kind, id, version, at, actor_kind, actor_id, operation, before, after, restores, audit";
const ofRecord = `select ${columns} from history
  where workspace = ? and kind = ? and id = ? order by version desc limit ?`;
const ofAudit = `select ${columns} from history where workspace = ? and audit = ? order by kind, id`;

export type HistoryReader = {
  /** Newest first. */
  ofRecord(workspace: string, kind: string, id: string, limit: number): Promise<readonly Change[]>;
  /** By kind and id. */
  ofAudit(workspace: string, audit: string): Promise<readonly Change[]>;
};

export function historyReader(ask: Ask): HistoryReader {
  return {
    ofRecord: async (workspace, kind, id, limit) =>
      changeRows.parse(await ask(ofRecord, workspace, kind, id, bounded(limit))),
    ofAudit: async (workspace, audit) => changeRows.parse(await ask(ofAudit, workspace, audit)),
  };
}

/** The text that history keeps of a version; null when there was no live record. */
export function snapshotText(version: Version | undefined): string | null {
  if (version === undefined || version.record.deletedAt !== null) return null;
  const { record, fingerprints } = version;
  return JSON.stringify({ value: record.value, fingerprints } satisfies Snapshot);
}
