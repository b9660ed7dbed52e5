import type { Clock } from "../../../kernel/clock.ts";
import type { Database } from "../../postgres/database.ts";
import { type Row, textOf } from "../../stored/row.ts";
import type { Job } from "../traffic.ts";
import type { Audience, AwakeLanes } from "./awake-lanes.ts";
import { claimStatement, type LaneState } from "./claim-statement.ts";
import { jobOf } from "./job-row.ts";
import { storableJson } from "../../stored/storable-json.ts";
import type { LeaseClock } from "./lease-clock.ts";
import type { Leases } from "./leases.ts";

const lanesAtOnceMin = 4;
const lanesAtOnceMax = 32;
const roundsMax = 16;
const knownMax = 50_000;
/** When to look again at a lane that another claim was in the middle of. */
const againMs = 20;

const addLanes = `insert into lane (name) select name from unnest($1::text[]) as new (name) order by name
on conflict (name) do nothing`;

export type Claiming = {
  readonly database: Database;
  readonly clock: Clock;
  readonly leaseClock: LeaseClock;
  readonly lanes: AwakeLanes;
  readonly leases: Leases;
  /** Lanes that have a row, as far as this node knows. */
  readonly known: Set<string>;
};

export type Asked = { readonly names: readonly string[]; readonly limit: number; readonly leaseMs: number };

/** Claims up to `limit` jobs from the lanes that are awake, in turn. @throws Failure unavailable */
export async function claimJobs(on: Claiming, audience: Audience, asked: Asked): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (let round = 1; round <= roundsMax && jobs.length < asked.limit; round++) {
    // Looking at a lane costs about as much as claiming from it, and the first few may well have what is asked for.
    const some = Math.min(Math.max(asked.limit - jobs.length, lanesAtOnceMin), lanesAtOnceMax);
    const lanes = [...audience.awake.values().take(some)];
    if (lanes.length === 0) break;
    for (const lane of lanes) audience.awake.delete(lane);
    try {
      jobs.push(...(await visit(on, audience, { ...asked, limit: asked.limit - jobs.length, lanes })));
    } catch (error) {
      for (const lane of lanes) audience.awake.add(lane);
      if (jobs.length > 0) break;
      throw error;
    }
  }
  return jobs;
}

type Visit = Asked & { readonly lanes: readonly string[] };

async function visit(on: Claiming, audience: Audience, visited: Visit): Promise<readonly Job[]> {
  const { lanes, names, limit, leaseMs } = visited;
  await makeKnown(on, lanes);
  const wanted = lanes.map((lane, turn) => {
    const from = audience.from.get(lane);
    return { lane, turn, after_due: from?.dueAt ?? Number.MIN_SAFE_INTEGER, after_id: from?.id ?? "" };
  });
  const batch = on.leases.newBatch();
  const until = on.leaseClock.now() + leaseMs;
  const params = [
    storableJson(wanted),
    lanes,
    Math.trunc(on.clock.now()),
    names,
    limit,
    batch,
    Math.trunc(until),
  ];
  const { jobs, states } = await on.database.query(claimStatement, params, "claim").then(read, (error) => {
    on.leases.lose(batch);
    throw error;
  });
  for (const job of jobs) on.leases.begin(job, until);
  for (const state of states) settle(on, audience, { ...state, limit });
  const found = new Set(states.map(({ lane }) => lane));
  for (const lane of lanes) {
    if (found.has(lane)) continue;
    // Its row was dropped since, when it had no jobs.
    on.known.delete(lane);
    audience.awake.add(lane);
  }
  return jobs;
}

/** A lane without a row would be passed over. */
async function makeKnown({ database, known }: Claiming, lanes: readonly string[]): Promise<void> {
  const fresh = lanes.filter((lane) => !known.has(lane));
  if (fresh.length === 0) return;
  if (known.size > knownMax) known.clear();
  await database.query(addLanes, [fresh], "lanes");
  for (const lane of fresh) known.add(lane);
}

function read([row = {}]: readonly Row[]): {
  readonly jobs: readonly Job[];
  readonly states: readonly LaneState[];
} {
  // Both are written by the statement itself.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const jobs = JSON.parse(textOf(row, "jobs")) as Row[];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const states = JSON.parse(textOf(row, "lanes")) as LaneState[];
  return { jobs: jobs.map((job) => ({ ...jobOf(job), claim: textOf(job, "claim") })), states };
}

/** Decides by what was seen of a lane when to look at it again. */
function settle({ lanes, clock }: Claiming, audience: Audience, state: Seen): void {
  const { lane, heldUntil, nextDueAt } = state;
  const now = clock.now();
  if (!state.sure) lanes.rouseAt(lane, now + againMs);
  else if (heldUntil > now) lanes.rouseAt(lane, heldUntil);
  else {
    if (nextDueAt !== null) lanes.rouseAt(lane, nextDueAt);
    if (hasMore(state) || goesOn(audience, state)) audience.awake.add(lane);
    else if (state.left) lanes.stick(lane);
  }
}

type Seen = LaneState & { readonly limit: number };

function hasMore({ found, chosen, taken, limit }: Seen): boolean {
  return found > chosen || found >= limit || chosen > taken;
}

/** Whether a lane is to be looked through further, or from the beginning again: its first jobs may be free by now. */
function goesOn({ from }: Audience, { lane, full, goOn }: Seen): boolean {
  if (full) return false;
  const wentOn = from.delete(lane);
  if (goOn !== null) from.set(lane, goOn);
  return goOn !== null || wentOn;
}
