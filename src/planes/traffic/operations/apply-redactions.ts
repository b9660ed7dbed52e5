import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { newId } from "../../../kernel/id.ts";
import { isConfined } from "../../../kernel/principal.ts";
import type { Context } from "../../../registry/context.ts";
import { PlaceName, requirePlace } from "../../../registry/environment.ts";
import { act } from "../../../registry/operation.ts";
import { waitFor } from "../../../registry/wait.ts";
import { newRedactJob, runOf, saveRun, type RedactionRun } from "../redaction-run.ts";
import { windowInput, windowOf } from "../window.ts";

const waitMs = 10_000;
const everMs = 3_650 * 86_400_000;

type Planned = { readonly kind: "start" | "report"; readonly run: RedactionRun };

export const applyRedactions = act({
  name: "apply_redactions",
  title: "Apply redactions",
  does: "Applies the redactions in force to requests that are stored already, newest first, and reports how far that is when called again with its runId. What was replaced is gone for good. Names of routes and figures by them stay.",
  verb: "POST",
  path: "/redactions/apply",
  scope: "traffic_rules:write",
  reach: "people",
  destructive: true,
  input: z.object({
    environment: PlaceName.optional().describe("All if left out."),
    ...windowInput,
    runId: z.string().min(1).max(100).optional().describe("Report on this run instead."),
  }),
  output: z.object({
    runId: z.string().nullable(),
    state: z.enum(["planned", "running", "done"]),
    examined: z.int(),
    changed: z.int(),
    next: z.string(),
  }),
  async plan({ runId, environment, ...asked }, context): Promise<Planned> {
    const { principal, workspace, unit, now } = context;
    if (isConfined(principal))
      throw new Failure("forbidden", "This credential is confined to a part of the workspace.", {
        hint: "Use a credential for the whole workspace.",
      });
    if (runId !== undefined) return { kind: "report", run: await runOf(context, workspace, runId) };
    if (environment !== undefined) await requirePlace(unit, { environment });
    const { from, to } = windowOf(asked, now, everMs);
    const fresh = { after: null, examined: 0, changed: 0, state: "running" } as const;
    return {
      kind: "start",
      run: { id: newId("rrn"), environment: environment ?? null, from: Math.max(0, from), to, ...fresh },
    };
  },
  preview({ kind, run }) {
    return {
      runId: kind === "report" ? run.id : null,
      state: kind === "report" ? run.state : ("planned" as const),
      examined: run.examined,
      changed: run.changed,
      next: "Call again without dryRun to begin. create_redaction with dryRun shows what a rule would match.",
    };
  },
  async perform({ kind, run }, context) {
    if (kind === "start") await begin(run, context);
    const now = (await ended(run.id, context)) ?? (await runOf(context, context.workspace, run.id));
    return {
      runId: now.id,
      state: now.state,
      examined: now.examined,
      changed: now.changed,
      next:
        now.state === "done"
          ? "It is done. What was replaced is overwritten where it is stored by the next upkeep."
          : `Call apply_redactions with runId "${now.id}" to see how far it is.`,
    };
  },
});

async function begin(run: RedactionRun, context: Context): Promise<void> {
  const { workspace, traffic, clock } = context;
  await saveRun(context, workspace, run);
  await traffic.journal.commit({ exchanges: [], jobs: [newRedactJob(run, workspace, clock.now())] });
}

async function ended(id: string, context: Context): Promise<RedactionRun | undefined> {
  const look = async (): Promise<RedactionRun | undefined> => {
    const run = await runOf(context, context.workspace, id);
    context.progress(run.examined, run.examined + 1, `${run.examined} examined, ${run.changed} changed`);
    return run.state === "done" ? run : undefined;
  };
  return waitFor(look, context.traffic, waitMs, context.signal);
}
