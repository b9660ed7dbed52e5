import type { RecordChange } from "../../../engines/store/store.ts";
import { newId } from "../../../kernel/id.ts";
import type { Engines } from "../../../registry/engines.ts";
import { plainChange } from "../../../registry/plain-change.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { marker, markersMax } from "../marker.ts";
import type { Alert, AlertRow } from "./alert.ts";
import type { Step } from "./course.ts";
import { beganAt } from "./look.ts";
import { wordsOf } from "./watch.ts";

/** The marker while it fires, and what becomes of markers. */
export async function incidentOf(
  { workspace, value }: AlertRow,
  { course, told, began }: Step,
  engines: Engines,
): Promise<{ readonly incident: string | null; readonly records: readonly RecordChange[] }> {
  if (told?.what === "resolved")
    return {
      incident: null,
      records: await endedMarker(workspace, course.incident, told.of.figures.to, engines),
    };
  if (told?.what !== "fired") return { incident: course.incident, records: [] };
  // Alerts are told of without a marker where there are too many of them.
  if ((await engines.store.records.count(workspace, marker.kind)) >= markersMax)
    return { incident: null, records: [] };
  const change = newMarker(value, await beganAt(workspace, value, (began ?? told.of).figures, engines));
  return { incident: change.id, records: [change] };
}

function newMarker(
  { name, watch, windowMinutes, environment, bucket }: Alert,
  startedAt: number,
): RecordChange {
  const value = {
    type: "incident" as const,
    name,
    description: `Alert: ${wordsOf(watch, windowMinutes)}.`,
    source: "sluice",
    version: null,
    startedAt,
    endedAt: null,
    environment,
    buckets: bucket === null ? null : [bucket],
  };
  return plainChange({
    kind: marker.kind,
    id: newId(marker.prefix),
    value,
    indexes: marker.indexes(value),
  });
}

/** What becomes of a marker that is not over. */
export async function endedMarker(
  workspace: string,
  id: string | null,
  endedAt: number,
  { store }: Pick<Engines, "store">,
): Promise<readonly RecordChange[]> {
  const stored = id === null ? undefined : await store.records.get(workspace, marker.kind, id);
  if (stored === undefined || stored.deletedAt !== null) return [];
  const { value, version } = decodedRow(marker, stored);
  if (value.endedAt !== null) return [];
  const ended = { ...value, endedAt: Math.max(endedAt, value.startedAt) };
  return [
    plainChange({
      kind: marker.kind,
      id: stored.id,
      expected: version,
      value: ended,
      keys: marker.keys(ended),
      indexes: marker.indexes(ended),
    }),
  ];
}
