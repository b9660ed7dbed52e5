import { z } from "zod";
import type { Audit } from "../../../engines/store/store.ts";
import { nextCursor, pageInput, pageOf } from "../../../registry/list-page.ts";
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
    ...pageInput,
    limit: pageInput.limit.unwrap().default(20),
  }),
  output: z.object({ changes: z.array(ChangeView), nextCursor }),
  async run({ since, operation, subject, actor, ...asked }, context) {
    refuseConfined(context.principal);
    const where = {
      ...(operation !== undefined && { operation }),
      ...(subject !== undefined && { subject }),
      ...(actor !== undefined && { actor }),
      ...(since !== undefined && { since: Date.parse(since) }),
    };
    const page = await pageOf(
      asked,
      {
        key: Key,
        keyOf: ({ id }: Audit) => ({ id }),
        read: (after, limit) =>
          context.store.audit.list(context.workspace, { limit, where, ...(after && { before: after.id }) }),
      },
      (rows) => Promise.all(rows.map((row) => changeView(row, context))),
    );
    return { changes: page.rows, nextCursor: page.nextCursor };
  },
});
