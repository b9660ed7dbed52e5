import type { RecordChange } from "../engines/store/store.ts";

/** A change of a live record that has nothing but what is given: by default, it is new and empty. */
export function plainChange(given: Pick<RecordChange, "kind" | "id"> & Partial<RecordChange>): RecordChange {
  return {
    expected: 0,
    value: {},
    secrets: {},
    fingerprints: {},
    keys: {},
    globalKeys: {},
    indexes: {},
    deletedAt: null,
    restores: null,
    ...given,
  };
}
