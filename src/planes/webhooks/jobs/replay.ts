import { z } from "zod";
import type { Job, Then } from "../../../engines/traffic/traffic.ts";
import type { NewJob } from "../../../kernel/job.ts";
import type { Engines } from "../../../registry/engines.ts";
import type { JobHandler } from "../../../registry/plane.ts";
import { endedWithout, redelivery } from "../delivery.ts";
import { canary, planOf, progressOf, replayLane, savePlan, type ReplayPlan } from "../replay-plan.ts";

/** Runs one replay plan: hands its events out batch by batch, canary first, and stops at the first failure. */
export const replayJob = "replay";

const batch = 100;
const lookEveryMs = 100;
const cancelledAtOnce = 500;

const Payload = z.object({ plan: z.string(), sent: z.int() });

export function newReplayJob(plan: ReplayPlan, workspace: string, now: number): NewJob {
  return {
    id: replayLane(plan.id),
    workspace,
    name: replayJob,
    payload: JSON.stringify({ plan: plan.id, sent: 0 }),
    lane: `${replayLane(plan.id)}/run`,
    key: null,
    dueAt: now,
    attempt: 0,
    exchange: plan.events[0] ?? "",
    receivedAt: now,
    subject: plan.endpoint,
  };
}

export function replay(engines: Engines): JobHandler {
  return {
    name: replayJob,
    leaseMs: 60_000,
    async run(job) {
      const { plan: id, sent } = Payload.parse(JSON.parse(job.payload));
      const plan = await planOf(engines, job.workspace, id);
      if (plan.state !== "running") {
        await cancelDeliveries(id, engines);
        return end(job, engines);
      }
      const { delivered, failed } = await progressOf(engines, id);
      if (failed > 0) return stop(job, plan, engines);
      if (delivered >= plan.events.length) {
        await savePlan(engines, job.workspace, { ...plan, state: "done" });
        return end(job, engines);
      }
      const next =
        delivered < sent ? [] : plan.events.slice(sent, sent + (sent < canary ? canary - sent : batch));
      await handOut(job, plan, next, engines);
      // Whoever cancels meanwhile takes back what there was by then.
      const now = await planOf(engines, job.workspace, id);
      if (now.state !== "running") await cancelDeliveries(id, engines);
    },
  };
}

async function handOut(
  job: Job,
  plan: ReplayPlan,
  events: readonly string[],
  engines: Engines,
): Promise<void> {
  const { traffic, clock } = engines;
  const now = clock.now();
  const { sent } = Payload.parse(JSON.parse(job.payload));
  const payload = JSON.stringify({ plan: plan.id, sent: sent + events.length });
  const then: Then = { kind: "retry", dueAt: now + lookEveryMs, attempt: job.attempt, payload };
  const lane = replayLane(plan.id);
  const about = { workspace: job.workspace, subject: plan.endpoint };
  await traffic.journal.commit({
    exchanges: [],
    jobs: events.map((id) => redelivery({ id, ...about }, { id: plan.id, lane, now })),
    finish: { job: job.id, claim: job.claim, then },
  });
}

async function stop(job: Job, plan: ReplayPlan, engines: Engines): Promise<void> {
  await savePlan(engines, job.workspace, {
    ...plan,
    state: "stopped",
    reason: "A delivery failed: nothing more is sent. Look at the failed delivery, mend it, then plan again.",
  });
  await cancelDeliveries(plan.id, engines);
  await end(job, engines);
}

/** Takes back what was handed out and not yet delivered. */
export async function cancelDeliveries(planId: string, { traffic, clock }: Engines): Promise<void> {
  let cancelled: number;
  do
    cancelled = await traffic.queue.cancel(replayLane(planId), cancelledAtOnce, (job) =>
      endedWithout(job, "replay_cancelled", clock.now()),
    );
  while (cancelled > 0);
}

async function end({ id, claim }: Job, { traffic }: Engines): Promise<void> {
  await traffic.journal.commit({
    exchanges: [],
    jobs: [],
    finish: { job: id, claim, then: { kind: "done" } },
  });
}
