import { z } from "zod";
import { expectedVersion, refuseOtherVersion } from "../../../../registry/expected-version.ts";
import { change } from "../../../../registry/operation.ts";
import { refuseConfined } from "../../rules/rule-operations.ts";
import { alert } from "../alert.ts";
import { alertId, alertOf } from "../alert-of.ts";

export const deleteAlert = change({
  name: "delete_alert",
  title: "Delete an alert",
  does: "Deletes an alert: its incident ends, and notifications that were not delivered yet are given up. undo_change brings it back.",
  verb: "DELETE",
  path: "/alerts/:alertId",
  scope: "traffic_rules:write",
  reach: "people",
  destructive: true,
  undoNone: null,
  input: z.object({ alertId, expectedVersion }),
  output: z.object({ id: z.string(), deleted: z.literal(true) }),
  async run({ alertId: id, expectedVersion: expected }, context) {
    refuseConfined(context);
    const row = await alertOf(context, id);
    refuseOtherVersion(row, expected, "alert");
    context.unit.remove(alert, row);
    return { id: row.id, deleted: true as const };
  },
});
