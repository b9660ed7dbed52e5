import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { isConfined, mayReach } from "../../../kernel/principal.ts";
import { isCancelled } from "../../../registry/cancelled.ts";
import type { Context } from "../../../registry/context.ts";
import { act } from "../../../registry/operation.ts";
import { waitFor } from "../../../registry/wait.ts";
import { endpoint, type EndpointRow } from "../endpoint.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { cancelDeliveries, newReplayJob } from "../jobs/replay.ts";
import { logId } from "../log-id.ts";
import {
  canary,
  noPlan,
  planOf,
  progressOf,
  replayStates,
  savePlan,
  type ReplayPlan,
} from "../replay-plan.ts";
import { paused, select, Unavailable, type Planned } from "../replay-selection.ts";
import { moment } from "../moment.ts";

const waitMs = 10_000;
const logIdsMax = 100;

export const replayWebhooks = act({
  name: "replay_webhooks",
  title: "Replay webhooks",
  does: "Plans a replay of past webhooks (give endpointId and a selection; planning sends nothing), and carries the plan out when called again with its planId alone. The first 5 go as a canary, and it stops at the first failure.",
  verb: "POST",
  path: "/replays",
  scope: "webhooks:replay",
  destructive: false,
  input: z.object({
    endpointId: endpointId.optional().describe("Makes a plan for this endpoint, by id or slug."),
    status: z.enum(["failed", "delivered", "all"]).default("failed").describe("Which events to select."),
    since: moment.optional().describe("24 hours ago unless given."),
    until: moment.optional(),
    logIds: z.array(logId).min(1).max(logIdsMax).optional().describe("Exactly these, whatever their status."),
    planId: z
      .string()
      .max(100)
      .optional()
      .describe("Starts this plan, or reports on it when it was started."),
    cancel: z.boolean().default(false).describe("With planId: stops it; what was sent stays sent."),
  }),
  output: z.object({
    planId: z.string().nullable(),
    state: z.enum(replayStates),
    endpoint: z.string(),
    targetUrl: z.string(),
    selected: z.int(),
    oldestLogId: z.string().nullable(),
    newestLogId: z.string().nullable(),
    delivered: z.int(),
    failed: z.int(),
    remaining: z.int(),
    canary: z.int(),
    unavailable: z.array(Unavailable).describe("What cannot be replayed and why, at most 20."),
    warnings: z.array(z.string()),
    reason: z.string().nullable(),
    next: z.string(),
  }),
  async plan(input, context): Promise<Planned> {
    const { planId, cancel } = input;
    if (planId === undefined && !cancel) return select(input, context);
    if (planId === undefined)
      throw new Failure("invalid", "Say which plan to cancel.", {
        pointer: "/planId",
        hint: "Give planId with cancel, as replay_webhooks answered it.",
      });
    if (input.endpointId !== undefined || input.logIds !== undefined)
      throw new Failure("invalid", "A plan is frozen: give planId alone, or a selection for a new plan.", {
        pointer: "/planId",
      });
    const plan = await planOf(context, context.workspace, planId);
    const { value } = await endpointOfPlan(context, plan);
    if (!value.isActive && !cancel && plan.state === "planned") throw paused();
    const kind = cancel ? "cancel" : plan.state === "planned" ? "start" : "report";
    return { kind, plan, targetUrl: value.targetUrl, unavailable: [], warnings: [] };
  },
  preview(planned) {
    const { kind } = planned;
    const next = {
      draft: "Call again without dryRun to keep this plan, then with its planId to start it.",
      start: "Call again without dryRun to start it.",
      cancel: "Call again without dryRun to cancel it.",
      report: "It was started; call without dryRun to see how far it is.",
    }[kind];
    return {
      ...about(planned, { delivered: 0, failed: 0 }),
      planId: kind === "draft" ? null : planned.plan.id,
      next,
    };
  },
  async perform(planned, context) {
    const plan = await carryOut(planned, context);
    const reported = { ...planned, plan };
    return { ...about(reported, await progressOf(context, plan.id)), next: nextStep(plan) };
  },
});

/** @throws Failure not_found: the plan to whoever may not see what is in the endpoint's place, else the endpoint */
async function endpointOfPlan(context: Context, plan: ReplayPlan): Promise<EndpointRow> {
  const { principal, unit } = context;
  const row = await unit.get(endpoint, plan.endpoint);
  // Where an endpoint was that is gone is not known any more.
  if (row === undefined ? isConfined(principal) : !mayReach(principal, row.value)) throw noPlan(plan.id);
  return row ?? endpointOf(context, plan.endpoint);
}

async function carryOut({ kind, plan }: Planned, context: Context): Promise<ReplayPlan> {
  const { workspace, traffic, clock } = context;
  if (kind === "draft") {
    await savePlan(context, workspace, plan);
    return plan;
  }
  if (kind === "cancel") return cancelledPlan(plan, context, "It was cancelled.");
  if (kind === "start") {
    if (isCancelled(context.signal)) return plan;
    const running: ReplayPlan = { ...plan, state: plan.events.length === 0 ? "done" : "running" };
    await savePlan(context, workspace, running);
    if (running.state === "running")
      await traffic.journal.commit({ exchanges: [], jobs: [newReplayJob(running, workspace, clock.now())] });
  }
  const over = await ended(plan.id, context);
  if (over !== undefined) return over;
  const underWay = await planOf(context, workspace, plan.id);
  // Who only asked how far it is began nothing that their leaving could stop.
  return kind === "start" && isCancelled(context.signal)
    ? cancelledPlan(underWay, context, "The call that started it was cancelled.")
    : underWay;
}

async function cancelledPlan(plan: ReplayPlan, context: Context, reason: string): Promise<ReplayPlan> {
  if (plan.state !== "planned" && plan.state !== "running") return plan;
  const next: ReplayPlan = { ...plan, state: "cancelled", reason };
  await savePlan(context, context.workspace, next);
  await cancelDeliveries(plan.id, context);
  return next;
}

async function ended(id: string, context: Context): Promise<ReplayPlan | undefined> {
  const look = async (): Promise<ReplayPlan | undefined> => {
    const plan = await planOf(context, context.workspace, id);
    const { delivered, failed } = await progressOf(context, id);
    context.progress(delivered + failed, plan.events.length, `${delivered} delivered, ${failed} failed`);
    return plan.state === "running" ? undefined : plan;
  };
  return waitFor(look, context.traffic, waitMs, context.signal);
}

function about(
  { plan, targetUrl, unavailable, warnings }: Planned,
  { delivered, failed }: { delivered: number; failed: number },
) {
  const selected = plan.events.length;
  return {
    planId: plan.id,
    state: plan.state,
    endpoint: plan.endpoint,
    targetUrl,
    selected,
    oldestLogId: plan.events[0] ?? null,
    newestLogId: plan.events.at(-1) ?? null,
    delivered,
    failed,
    remaining: selected - delivered - failed,
    canary: Math.min(canary, selected),
    unavailable: [...unavailable],
    warnings: [
      ...warnings,
      ...(selected > 0
        ? [
            "The target gets each event again under its old sluice-id, with `sluice-replay: true`: it must tolerate repeats.",
          ]
        : []),
    ],
    reason: plan.reason,
  };
}

function nextStep({ id, state, events }: ReplayPlan): string {
  if (state === "planned" && events.length === 0) return "Nothing matches: choose another status or window.";
  const steps = {
    planned: `Nothing was sent yet. Call replay_webhooks with planId "${id}" alone, within an hour, to start it.`,
    running: `Call replay_webhooks with planId "${id}" again to see how far it is, or with cancel true to stop it.`,
    done: "Every event was delivered again.",
    stopped: "Look at the failed delivery with list_logs, mend the target, then plan again.",
    cancelled: "Nothing more is sent.",
  };
  return steps[state];
}
