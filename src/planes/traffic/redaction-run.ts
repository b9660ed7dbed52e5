import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { NewJob } from "../../kernel/job.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { Engines } from "../../registry/engines.ts";

const collection = "redaction-run";
const keptMs = 7 * 86_400_000;

export const redactJob = "redact_stored";

/** The rules in force applied to what was stored before they were, and how far that has come. */
export const RedactionRun = z.object({
  id: z.string(),
  /** null = all environments. */
  environment: z.string().nullable(),
  /** What began in this window is looked at, newest first. */
  from: z.int(),
  to: z.int(),
  /** Below this row it goes on; null = at the beginning. */
  after: z.object({ startedAt: z.int(), id: z.string() }).nullable(),
  examined: z.int(),
  changed: z.int(),
  state: z.enum(["running", "done"]),
});

export type RedactionRun = Readonly<z.output<typeof RedactionRun>>;

/** @throws Failure not_found */
export async function runOf(
  { store }: Pick<Engines, "store">,
  workspace: string,
  id: string,
): Promise<RedactionRun> {
  const entry = await store.entries.get(workspace, collection, id);
  if (entry !== undefined) return RedactionRun.parse(entry);
  throw new Failure("not_found", `No run ${quoted(id)}.`, {
    pointer: "/runId",
    hint: "A run is known for a week. Call apply_redactions without runId to begin one.",
  });
}

export async function saveRun(
  { store, clock }: Pick<Engines, "store" | "clock">,
  workspace: string,
  run: RedactionRun,
): Promise<void> {
  const at = clock.now();
  await store.commit({
    workspace,
    at,
    actor: { kind: "system", id: "redaction" },
    operation: "apply_redactions",
    records: [],
    entries: [{ collection, key: run.id, value: run, expiresAt: at + keptMs, mustBeNew: false }],
    outbox: [],
    audit: null,
  });
}

export function newRedactJob(run: RedactionRun, workspace: string, now: number): NewJob {
  return {
    id: `redact/${run.id}`,
    workspace,
    name: redactJob,
    payload: JSON.stringify({ run: run.id }),
    lane: `redact/${workspace}`,
    key: null,
    dueAt: now,
    attempt: 0,
    // It works for no event.
    exchange: newExchangeId(now),
    receivedAt: now,
    subject: "",
  };
}
