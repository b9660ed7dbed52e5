import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { EntryChange } from "../../engines/store/store.ts";
import type { Engines } from "../../registry/engines.ts";

export const replayCollection = "replay";
export const selectedMax = 10_000;
/** Delivered first; only when all of them succeed does the rest follow. */
export const canary = 5;
const plannedMs = 3_600_000;
const keptMs = 7 * 24 * 3_600_000;

export const replayStates = ["planned", "running", "done", "stopped", "cancelled"] as const;

/** A frozen selection of events, and how far delivering them again has come. */
export const ReplayPlan = z.object({
  id: z.string(),
  endpoint: z.string(),
  events: z.array(z.string()),
  state: z.enum(replayStates),
  /** Why it stopped. */
  reason: z.string().nullable(),
  plannedAt: z.int(),
});

export type ReplayPlan = Readonly<z.output<typeof ReplayPlan>>;

/** The lane its deliveries wait in, apart from the endpoint's own. */
export function replayLane(planId: string): string {
  return `replay/${planId}`;
}

export function planEntry(plan: ReplayPlan, now: number): EntryChange {
  const expiresAt = plan.state === "planned" ? plan.plannedAt + plannedMs : now + keptMs;
  return { collection: replayCollection, key: plan.id, value: plan, expiresAt, mustBeNew: false };
}

/** @throws Failure not_found when there is no such plan, or it was not started within an hour */
export async function planOf(
  { store }: Pick<Engines, "store">,
  workspace: string,
  id: string,
): Promise<ReplayPlan> {
  const entry = await store.entries.get(workspace, replayCollection, id);
  if (entry !== undefined) return ReplayPlan.parse(entry);
  throw noPlan(id);
}

export function noPlan(id: string): Failure {
  return new Failure("not_found", `No replay plan ${quoted(id)}.`, {
    pointer: "/planId",
    hint: "A plan is to be started within an hour. Call replay_webhooks with endpointId to make a new one.",
  });
}

export async function savePlan(
  engines: Pick<Engines, "store" | "clock">,
  workspace: string,
  plan: ReplayPlan,
): Promise<void> {
  const at = engines.clock.now();
  await engines.store.commit({
    workspace,
    at,
    actor: { kind: "system", id: "replay" },
    operation: "replay_webhooks",
    records: [],
    entries: [planEntry(plan, at)],
    outbox: [],
    audit: null,
  });
}

export type Progress = { readonly delivered: number; readonly failed: number };

/** How many of a plan's deliveries have ended. */
export async function progressOf({ traffic }: Pick<Engines, "traffic">, planId: string): Promise<Progress> {
  const prefix = `replay/${planId}/`;
  const tallies = await traffic.journal.tallies(prefix);
  return { delivered: tallies.get(`${prefix}delivered`) ?? 0, failed: tallies.get(`${prefix}failed`) ?? 0 };
}
