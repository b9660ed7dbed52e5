import type { Engines } from "../../registry/engines.ts";
import { bucket } from "../../registry/environment.ts";
import { liveRecords } from "../../registry/live-records.ts";
import { decodedRow } from "../../registry/unit.ts";

/** A bucket as traffic needs it. */
export type Place = {
  readonly workspace: string;
  readonly environment: string;
  /** Its name. */
  readonly bucket: string;
  /** Its id, which is what the exchanges in it are about. */
  readonly id: string;
};

export type LivePlaces = {
  /** By names; undefined = there is no such bucket. From memory, else from the store. @throws Failure unavailable */
  find(workspace: string, environment: string, name: string): Promise<Place | undefined>;
};

/** Every live bucket in memory. One made elsewhere a moment ago is looked up. */
export async function livePlaces(engines: Pick<Engines, "store">): Promise<LivePlaces> {
  const byKey = new Map<string, Place>();
  const keys = new Map<string, string>();
  await liveRecords(engines.store, bucket.kind, (stored) => {
    const earlier = keys.get(stored.id);
    if (earlier !== undefined) byKey.delete(earlier);
    keys.delete(stored.id);
    if (stored.deletedAt !== null) return;
    const { id, workspace, value } = decodedRow(bucket, stored);
    const key = keyOf(workspace, value.environment, value.name);
    keys.set(id, key);
    byKey.set(key, { workspace, environment: value.environment, bucket: value.name, id });
  });
  return {
    async find(workspace, environment, name) {
      const known = byKey.get(keyOf(workspace, environment, name));
      if (known !== undefined) return known;
      const stored = await engines.store.records.byKey(
        workspace,
        bucket.kind,
        "name",
        `${environment}/${name}`,
      );
      return stored === undefined ? undefined : { workspace, environment, bucket: name, id: stored.id };
    },
  };
}

function keyOf(workspace: string, environment: string, name: string): string {
  return `${workspace}/${environment}/${name}`;
}
