import { z } from "zod";
import type { Exchange } from "../../../kernel/exchange.ts";
import type { Where } from "../../../engines/ledger/ledger.ts";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import type { Context } from "../../../registry/context.ts";
import { act } from "../../../registry/operation.ts";
import { waitFor } from "../../../registry/wait.ts";
import { endpointId, endpointOf } from "../endpoint-of.ts";
import { cancelDeliveries, newReplayJob } from "../jobs/replay.ts";
import { redactedValue } from "../outgoing.ts";
import { logId, logOf } from "../log-id.ts";
import {
  canary,
  planOf,
  progressOf,
  replayStates,
  savePlan,
  selectedMax,
  type ReplayPlan,
} from "../replay-plan.ts";
import { moment } from "../moment.ts";
import { dayMs } from "../stats.ts";

const waitMs = 10_000;
const logIdsMax = 100;
const pageSize = 1_000;
const namedMax = 20;

const Unavailable = z.object({ logId: z.string(), reason: z.string() });

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
    const { value } = await endpointOf(context, plan.endpoint);
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

type Planned = {
  readonly kind: "draft" | "start" | "cancel" | "report";
  readonly plan: ReplayPlan;
  readonly targetUrl: string;
  readonly unavailable: readonly z.output<typeof Unavailable>[];
  readonly warnings: readonly string[];
};

type Selection = {
  readonly endpointId?: string | undefined;
  readonly status: "failed" | "delivered" | "all";
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly logIds?: readonly (string | number)[] | undefined;
};

async function select(selection: Selection, context: Context): Promise<Planned> {
  if (selection.endpointId === undefined)
    throw new Failure("invalid", "Say what to replay: endpointId for a new plan, or planId of a plan.", {
      pointer: "/endpointId",
      hint: "Call it with endpointId first; it answers a planId.",
    });
  const row = await endpointOf(context, selection.endpointId);
  if (!row.value.isActive) throw paused();
  const { events, unavailable, warnings } =
    selection.logIds === undefined
      ? await byStatus(selection, row.id, context)
      : await byIds(selection.logIds, row.id, context);
  const plan: ReplayPlan = {
    id: newId("rp"),
    endpoint: row.id,
    // Oldest first: targets see events in the order they happened.
    events: events.toSorted((a, b) => a.localeCompare(b)),
    state: "planned",
    reason: null,
    plannedAt: context.now,
  };
  return {
    kind: "draft",
    plan,
    targetUrl: row.value.targetUrl,
    unavailable,
    warnings: [...warnings, ...(await credentialWarning(plan, context))],
  };
}

type Selected = Pick<Planned, "unavailable" | "warnings"> & { readonly events: string[] };

async function byStatus(selection: Selection, subject: string, context: Context): Promise<Selected> {
  const { status, since, until } = selection;
  const from = since === undefined ? context.now - dayMs : Date.parse(since);
  if (until !== undefined && from >= Date.parse(until))
    throw new Failure("invalid", "since must lie before until.", {
      pointer: "/since",
      hint: "Without since it is 24 hours ago.",
    });
  const endings = status === "all" ? (["delivered", "failed"] as const) : ([status] as const);
  const where = { subjects: [subject], from };
  const to = until === undefined ? {} : { to: Date.parse(until) };
  const matching = await pages(context, { ...where, ...to, kinds: ["event"], endings });
  const replayed = await pages(context, { ...where, kinds: ["replay"], outcomes: ["delivered"] });
  const again = new Set(status === "failed" ? replayed.map(({ parent }) => parent) : []);
  const events = matching.map(({ id }) => id).filter((id) => !again.has(id));
  const skipped = matching.length - events.length;
  return {
    events: events.slice(0, selectedMax),
    unavailable: [],
    warnings: [
      ...(events.length > selectedMax
        ? [
            `More than ${selectedMax} events match: only the newest ${selectedMax} are selected. Narrow the window.`,
          ]
        : []),
      ...(skipped > 0
        ? [
            `${skipped} failed events were left out: a replay has delivered them since. Name them in logIds to send them again.`,
          ]
        : []),
    ],
  };
}

/** Newest first, one more than a plan takes at the most. */
async function pages({ ledger, workspace }: Context, where: Where): Promise<readonly Exchange[]> {
  const found: Exchange[] = [];
  let after: { readonly startedAt: number; readonly id: string } | undefined;
  while (found.length <= selectedMax) {
    const { rows } = await ledger.find({ workspace, where, limit: pageSize, ...(after && { after }) });
    found.push(...rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) break;
    after = { startedAt: last.startedAt, id: last.id };
  }
  return found;
}

/** What the sender authenticated with was kept only until the event ended: its target gets the replay without. */
async function credentialWarning(
  { events }: ReplayPlan,
  { traffic, workspace }: Context,
): Promise<readonly string[]> {
  const newest = await traffic.recent.get(workspace, events.at(-1) ?? "");
  const withheld =
    newest?.request.headers.filter(([, value]) => value === redactedValue).map(([name]) => name) ?? [];
  if (withheld.length === 0) return [];
  return [
    `Credentials of the sender are not kept: the target gets the replay without ${withheld.join(", ")}.`,
  ];
}

async function byIds(
  asked: readonly (string | number)[],
  subject: string,
  context: Context,
): Promise<Selected> {
  const events = new Set<string>();
  const unavailable: { logId: string; reason: string }[] = [];
  for (const id of asked) {
    const log = await logOf(context, id).catch((error: unknown) => {
      if (error instanceof Failure) return undefined;
      throw error;
    });
    const reason = log === undefined ? "unknown, or removed when its retention ended" : unfit(log, subject);
    if (log === undefined || reason !== null) unavailable.push({ logId: String(id), reason: reason ?? "" });
    else events.add(log.id);
  }
  return { events: [...events], unavailable: unavailable.slice(0, namedMax), warnings: [] };
}

function unfit(log: Exchange, subject: string): string | null {
  if (log.subject !== subject) return "belongs to another endpoint";
  if (log.kind !== "event") return `is a ${log.kind}, not a webhook`;
  if (log.ending === "rejected") return "was rejected: it was not verified and not kept whole";
  if (log.ending === "duplicate") return "is a duplicate: replay the event it repeats";
  return null;
}

async function carryOut({ kind, plan }: Planned, context: Context): Promise<ReplayPlan> {
  const { workspace, traffic, clock } = context;
  if (kind === "draft") {
    await savePlan(context, workspace, plan);
    return plan;
  }
  if (kind === "cancel") return cancelled(plan, context);
  if (kind === "start") {
    const running: ReplayPlan = { ...plan, state: plan.events.length === 0 ? "done" : "running" };
    await savePlan(context, workspace, running);
    if (running.state === "running")
      await traffic.journal.commit({ exchanges: [], jobs: [newReplayJob(running, workspace, clock.now())] });
  }
  return (await ended(plan.id, context)) ?? planOf(context, workspace, plan.id);
}

async function cancelled(plan: ReplayPlan, context: Context): Promise<ReplayPlan> {
  if (plan.state !== "planned" && plan.state !== "running") return plan;
  const next: ReplayPlan = { ...plan, state: "cancelled", reason: "It was cancelled." };
  await savePlan(context, context.workspace, next);
  await cancelDeliveries(plan.id, context);
  return next;
}

async function ended(id: string, context: Context): Promise<ReplayPlan | undefined> {
  const look = async (): Promise<ReplayPlan | undefined> => {
    const plan = await planOf(context, context.workspace, id);
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

function paused(): Failure {
  return new Failure("conflict", "The endpoint is paused.", {
    hint: "Resume it first: update_endpoint with isActive true.",
  });
}
