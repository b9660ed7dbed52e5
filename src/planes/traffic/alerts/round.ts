import type { RecordChange } from "../../../engines/store/store.ts";
import { Failure } from "../../../kernel/failure.ts";
import { newExchangeId, newId } from "../../../kernel/id.ts";
import type { Engines } from "../../../registry/engines.ts";
import { everyWorkspace } from "../../../registry/every-workspace.ts";
import type { Upkeep } from "../../../registry/plane.ts";
import { decodedRow } from "../../../registry/unit.ts";
import type { Window } from "../window.ts";
import { alert, alertsMax, type AlertRow } from "./alert.ts";
import { courseFrom, lateMs, nextStep } from "./course.ts";
import { endedMarker, incidentOf } from "./incident.ts";
import { look, settledAt, settledBy } from "./look.ts";
import { minuteMs, withPercentile } from "./minutes.ts";
import { handOver, notificationOf } from "./notification.ts";
import {
  roundChanges,
  roundsOf,
  standingChange,
  standingsOf,
  type Rounds,
  type Standing,
} from "./standings.ts";

/** Often enough that a minute is looked at soon after its figures are there. */
const everyMs = 10_000;
/** After a stop, windows that ended up to so long before are looked at. */
const caughtUpMs = 60 * minuteMs;
/** Nobody looked for so long: then nothing was counted either, perhaps. */
const gapMs = 5 * minuteMs;

/** Looks at every alert once a minute. */
export function alertUpkeep(engines: Engines): Upkeep {
  return {
    name: "alerts",
    everyMs,
    by: "one",
    async run() {
      for await (const { id } of everyWorkspace(engines)) await lookAt(id, engines);
      return "done";
    },
  };
}

/** What fails in one workspace does not keep the others from being looked at: it is tried again in ten seconds. */
async function lookAt(workspace: string, engines: Engines): Promise<void> {
  try {
    await round(workspace, engines);
  } catch (error) {
    if (!(error instanceof Failure)) engines.log(`alerts of ${workspace} failed: ${String(error)}`);
  }
}

/** One look at the alerts of a workspace, and what follows from it in one commit. */
async function round(workspace: string, engines: Engines): Promise<void> {
  const { store, clock } = engines;
  const [stored, standings] = await Promise.all([
    store.records.find(workspace, alert.kind, { limit: alertsMax }),
    standingsOf(engines, workspace),
  ]);
  if (stored.length === 0 && standings.size === 0) return;
  // What was decided by a process that died before it could hand it over.
  await handOverAll(workspace, [...standings.values()], engines);
  const now = clock.now();
  const stretch = stretchOf(await roundsOf(engines, workspace), now);
  if (stretch === undefined) return;
  const rows = new Map(stored.map((row) => [row.id, decodedRow(alert, row)]));
  const outcomes: Outcome[] = [];
  for (const [id, row] of rows)
    if (row.value.isActive)
      outcomes.push(...(await outcomeOrNone(row, standings.get(id), { ...stretch, now }, engines)));
  for (const [id, standing] of standings) {
    const row = rows.get(id);
    const resting = { workspace, id, standing, isPaused: row !== undefined, at: stretch.ends.to };
    if (row?.value.isActive !== true) outcomes.push(await restingOutcome(resting, engines));
  }
  const records = outcomes.flatMap((it) => it.records);
  await store.commit({
    workspace,
    at: now,
    actor: { kind: "system", id: "alerts" },
    operation: "look_at_alerts",
    records,
    entries: [
      ...outcomes.map(({ id, standing }) => standingChange(id, standing, now)),
      ...roundChanges(stretch.next, now),
    ],
    outbox: [],
    audit:
      records.length === 0
        ? null
        : { id: newId("aud"), subjects: records.map(({ id }) => id), detail: { surface: "system" } },
  });
  await handOverAll(
    workspace,
    outcomes.flatMap(({ standing }) => standing ?? []),
    engines,
  );
}

async function handOverAll(
  workspace: string,
  standings: readonly Standing[],
  engines: Pick<Engines, "traffic">,
): Promise<void> {
  for (const { untold } of standings) if (untold !== null) await handOver(workspace, untold, engines);
}

type Stretch = {
  /** Ends of windows: the first moment exclusive, the last included. */
  readonly ends: Window;
  /** Those that were not looked at before end after it. */
  readonly seen: number;
  readonly next: Rounds;
};

/** What there is to look at; undefined = nothing yet. */
function stretchOf(before: Rounds | undefined, now: number): Stretch | undefined {
  const to = settledAt(now);
  // A clock that was set back must not silence alerts until it has caught up.
  const known = before !== undefined && before.to <= now;
  if (known && before.to >= to) return undefined;
  const seen = known ? before.to : to - minuteMs;
  const isGap = to - seen > gapMs;
  return {
    ends: { from: Math.max(seen - lateMs, to - caughtUpMs), to },
    seen,
    next: {
      round: (before?.round ?? 0) + 1,
      to,
      knownFrom: isGap ? settledBy(to) : (before?.knownFrom ?? 0),
    },
  };
}

type Outcome = {
  readonly id: string;
  /** null = the alert is gone. */
  readonly standing: Standing | null;
  readonly records: readonly RecordChange[];
};

type Looked = Stretch & { readonly now: number };

/** An alert that cannot be looked at stays as it is, and the others are looked at. @throws Failure unavailable */
async function outcomeOrNone(
  row: AlertRow,
  before: Standing | undefined,
  looked: Looked,
  engines: Engines,
): Promise<readonly Outcome[]> {
  try {
    return [await outcomeOf(row, before, looked, engines)];
  } catch (error) {
    if (error instanceof Failure && error.kind === "unavailable") throw error;
    engines.log(`the alert ${row.id} failed: ${String(error)}`);
    return [];
  }
}

async function outcomeOf(
  row: AlertRow,
  before: Standing | undefined,
  { ends, seen, next, now }: Looked,
  engines: Engines,
): Promise<Outcome> {
  const { id, value, workspace } = row;
  const judged = await look(workspace, value, { ends, knownFrom: next.knownFrom }, engines);
  const step = nextStep(before ?? courseFrom(ends.to - minuteMs), judged, { seen, ...value });
  const { incident, records } = await incidentOf(row, step, engines);
  const latest = step.course.figures;
  const figures = latest && (await withPercentile(workspace, value, latest, engines));
  const course = { ...step.course, figures, incident };
  if (step.told === null) return { id, standing: { ...course, untold: null }, records };
  const untold = notificationOf(row, {
    id: newExchangeId(now),
    type: `alert.${step.told.what}`,
    at: now,
    figures: await withPercentile(workspace, value, step.told.of.figures, engines),
    firedAt: step.course.firedAt,
    incident: incident ?? before?.incident ?? null,
  });
  return { id, standing: { ...course, untold }, records };
}

type Resting = {
  readonly workspace: string;
  readonly id: string;
  readonly standing: Standing;
  /** Else it is gone. */
  readonly isPaused: boolean;
  /** The end of the last window. */
  readonly at: number;
};

/** An alert that is looked at no more: its incident ends, and nobody is told, for whoever stopped it knows. */
async function restingOutcome(
  { workspace, id, standing, isPaused, at }: Resting,
  engines: Engines,
): Promise<Outcome> {
  const { isFiring, resolvedAt, incident } = standing;
  const rested: Standing = {
    ...standing,
    isFiring: false,
    resolvedAt: isFiring ? at : resolvedAt,
    wellSince: null,
    firesAfter: at,
    incident: null,
    figures: null,
    untold: null,
  };
  const records = await endedMarker(workspace, incident, at, engines);
  return { id, standing: isPaused ? rested : null, records };
}
