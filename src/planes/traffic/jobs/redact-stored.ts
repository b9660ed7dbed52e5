import { z } from "zod";
import type { Job } from "../../../engines/traffic/traffic.ts";
import type { Engines } from "../../../registry/engines.ts";
import type { JobHandler } from "../../../registry/plane.ts";
import type { LiveRules } from "../live-rules.ts";
import { redactedAgain } from "../redacted-again.ts";
import { redactJob, runOf, saveRun, type RedactionRun } from "../redaction-run.ts";

/** Exchanges of one turn: other work waits no longer than they take. */
const batch = 100;

const Payload = z.object({ run: z.string() });

/**
 * Applies the rules that are in force by now to what is stored, newest first, a batch at a time. What
 * is redacted is redacted again to no effect, so that a batch that is done twice does no harm.
 */
export function redactStored(rules: LiveRules, engines: Engines): JobHandler {
  return {
    name: redactJob,
    leaseMs: 60_000,
    async run(job) {
      const { run: id } = Payload.parse(JSON.parse(job.payload));
      const run = await goOn(await runOf(engines, job.workspace, id), job.workspace, rules, engines);
      await saveRun(engines, job.workspace, run);
      await finish(job, run, engines);
    },
  };
}

async function goOn(
  run: RedactionRun,
  workspace: string,
  rules: LiveRules,
  { ledger }: Pick<Engines, "ledger">,
): Promise<RedactionRun> {
  const { environment, from, to, after } = run;
  const { rows } = await ledger.find({
    workspace,
    where: {
      plane: "traffic",
      kinds: ["request", "outbound"],
      from,
      to,
      ...(environment !== null && { environment }),
    },
    limit: batch,
    content: true,
    ...(after && { after }),
  });
  let changed = 0;
  for (const row of rows) {
    const { redactor } = await rules.ready(workspace, row.environment);
    const redacted = redactedAgain(row, redactor);
    if (redacted !== undefined && (await ledger.redact(workspace, row.id, () => redacted))) changed++;
  }
  const last = rows.at(-1);
  return {
    ...run,
    after: last === undefined ? after : { startedAt: last.startedAt, id: last.id },
    examined: run.examined + rows.length,
    changed: run.changed + changed,
    state: rows.length < batch ? "done" : "running",
  };
}

async function finish(job: Job, { state }: RedactionRun, { traffic, clock }: Engines): Promise<void> {
  const { id, claim, attempt, payload } = job;
  const then =
    state === "done"
      ? ({ kind: "done" } as const)
      : ({ kind: "retry", dueAt: clock.now(), attempt, payload } as const);
  await traffic.journal.commit({ exchanges: [], jobs: [], finish: { job: id, claim, then } });
}
