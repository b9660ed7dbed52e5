import { z } from "zod";
import { cursorOf, fitting, keyOf, pageLimitMax } from "../../../kernel/page.ts";
import { read } from "../../../registry/operation.ts";
import { ChangeView, changeView } from "../change-view.ts";
import { refuseConfined } from "../refuse-confined.ts";

const Key = z.object({ id: z.string().max(100) });

export const listChanges = read({
  name: "list_changes",
  title: "List changes",
  does: "Lists what was changed and done in the workspace, newest first: who, when, how, every record before and after, and whether undo_change can take it back.",
  verb: "GET",
  path: "/changes",
  scope: "changes:read",
  rows: "changes",
  input: z.object({
    operation: z.string().min(1).max(100).optional().describe("Only this one, such as `update_endpoint`."),
    subject: z.string().min(1).max(100).optional().describe("Only what is about the record with this id."),
    actor: z.string().min(1).max(100).optional().describe("Only what the one with this id did: `key_…`."),
    since: z.iso.datetime({ offset: true }).optional().describe("Only from this moment on."),
    cursor: z.string().max(500).optional().describe("nextCursor of the previous page."),
    limit: z.int().min(1).max(pageLimitMax).default(20),
  }),
  output: z.object({ changes: z.array(ChangeView), nextCursor: z.string().nullable() }),
  async run({ cursor, limit, since, operation, subject, actor }, context) {
    refuseConfined(context.principal);
    const rows = await context.store.audit.list(context.workspace, {
      limit: limit + 1,
      where: {
        ...(operation !== undefined && { operation }),
        ...(subject !== undefined && { subject }),
        ...(actor !== undefined && { actor }),
        ...(since !== undefined && { since: Date.parse(since) }),
      },
      ...(cursor !== undefined && { before: keyOf(cursor, Key).id }),
    });
    const shown = rows.slice(0, limit);
    const changes = [...fitting(await Promise.all(shown.map((row) => changeView(row, context))))];
    const last = shown[changes.length - 1];
    const more = rows.length > changes.length && last !== undefined;
    return {
      changes,
      nextCursor: more ? cursorOf({ id: last.id }) : null,
    };
  },
});
