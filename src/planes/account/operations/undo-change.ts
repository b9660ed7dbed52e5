import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { change } from "../../../registry/operation.ts";
import { refuseConfined } from "../refuse-confined.ts";
import { undoOf } from "../undo.ts";

export const undoChange = change({
  name: "undo_change",
  title: "Undo a change",
  does: "Sets every record that a change made back to what it was, as one set; deleted records come back for 7 days. Refused when one was changed since, and for what cannot be undone, such as secrets.",
  verb: "POST",
  path: "/changes/:changeId/undo",
  scope: "changes:write",
  destructive: true,
  undoNone: null,
  input: z.object({
    changeId: z
      .string()
      .min(1)
      .max(100)
      .describe("From list_changes: `aud_…`. The change's own scope is needed too."),
  }),
  output: z.object({
    changeId: z.string().describe("Of this change, which can be undone as well."),
    undone: z.object({ changeId: z.string(), operation: z.string(), at: z.iso.datetime() }),
    records: z.array(
      z.object({
        kind: z.string(),
        id: z.string(),
        version: z.int(),
        became: z.enum(["as it was", "there again", "gone"]),
      }),
    ),
  }),
  async run({ changeId }, context) {
    refuseConfined(context.principal);
    const { store, workspace, unit } = context;
    const audit = await store.audit.get(workspace, changeId);
    if (audit === undefined)
      throw new Failure("not_found", "No such change.", {
        pointer: "/changeId",
        hint: "list_changes shows the ids; they begin with aud_ and are kept for 400 days.",
      });
    const reverts = await undoOf(audit, context);
    if (reverts instanceof Failure) throw reverts;
    const records = reverts.map(({ resource, row, to }) => {
      const { id, version } = unit.revert(resource, row, to);
      const became = to.value === null ? "gone" : row.deletedAt === null ? "as it was" : "there again";
      return { kind: resource.kind, id, version, became } as const;
    });
    return {
      changeId: context.changeId,
      undone: { changeId, operation: audit.operation, at: new Date(audit.at).toISOString() },
      records,
    };
  },
});
