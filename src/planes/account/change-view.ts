import { z } from "zod";
import type { Audit, Change, Snapshot } from "../../engines/store/store.ts";
import { Failure } from "../../kernel/failure.ts";
import type { Context } from "../../registry/context.ts";
import { unmasked } from "../../registry/resource.ts";
import { undoOf } from "./undo.ts";

const recordsShownMax = 20;
/** Enough to see that a secret changed. */
const fingerprintLength = 8;

const State = z
  .object({ value: z.record(z.string(), z.unknown()), secrets: z.record(z.string(), z.string()) })
  .nullable();

export const ChangeView = z.object({
  changeId: z.string(),
  at: z.iso.datetime(),
  operation: z.string(),
  actor: z.object({ kind: z.string(), id: z.string() }),
  surface: z.string().nullable().describe("`mcp`, `rest`, `cli` or `page`; null = the server itself."),
  subjects: z.array(z.string()).describe("Ids of the records it is about."),
  records: z
    .array(
      z.object({
        kind: z.string(),
        id: z.string(),
        version: z.int(),
        before: State.describe("null = there was none."),
        after: State.describe("null = there is none."),
      }),
    )
    .describe(`At most ${recordsShownMax}; secrets by a fingerprint.`),
  recordsTotal: z.int(),
  undo: z.object({ possible: z.boolean(), reason: z.string().nullable().describe("Why not.") }),
});

const Reached = z.object({ surface: z.string() });

export async function changeView(audit: Audit, context: Context): Promise<z.output<typeof ChangeView>> {
  const { id, at, operation, actor, subjects, detail } = audit;
  const changes = await context.store.audit.changes(context.workspace, id);
  const undo = await undoOf(audit, context);
  const reached = Reached.safeParse(detail);
  return {
    changeId: id,
    at: new Date(at).toISOString(),
    operation,
    actor,
    surface: reached.success ? reached.data.surface : null,
    subjects: [...subjects],
    records: changes.slice(0, recordsShownMax).map((change) => recordView(change, context)),
    recordsTotal: changes.length,
    undo:
      undo instanceof Failure ? { possible: false, reason: undo.message } : { possible: true, reason: null },
  };
}

function recordView({ kind, id, version, before, after }: Change, { catalogue }: Context) {
  const resource = catalogue.resources.get(kind);
  const shown = (state: Snapshot | null): z.output<typeof State> =>
    state && {
      // Of a kind that is not known, it is not known what must be hidden either.
      value: resource === undefined ? {} : unmasked(resource, state.value),
      secrets: Object.fromEntries(
        Object.entries(state.fingerprints).map(([name, text]) => [name, text.slice(0, fingerprintLength)]),
      ),
    };
  return { kind, id, version, before: shown(before), after: shown(after) };
}
