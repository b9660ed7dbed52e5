import { z } from "zod";
import { Failure } from "../../../../kernel/failure.ts";
import { checkTarget } from "../../../../registry/allowed-target.ts";
import { newDeliverySecret } from "../../../../registry/delivery-secret.ts";
import { expectedVersion, refuseOtherVersion } from "../../../../registry/expected-version.ts";
import { change } from "../../../../registry/operation.ts";
import { refuseConfined } from "../../rules/rule-operations.ts";
import { alert, signing } from "../alert.ts";
import { alertId, alertOf } from "../alert-of.ts";
import { checkedAlert, settings } from "../alert-settings.ts";
import { alertView, AlertView } from "../alert-view.ts";
import { rehearsed, Rehearsal } from "../rehearsal.ts";

const changeable = z
  .object({
    ...settings,
    isActive: z.boolean().describe("false = it is not looked at, and its incident ends."),
  })
  .partial();

export const updateAlert = change({
  name: "update_alert",
  title: "Update an alert",
  does: "Changes an alert; fields left out stay as they are. A dry run says when it would have fired in the last 24 hours.",
  verb: "PATCH",
  path: "/alerts/:alertId",
  scope: "traffic_rules:write",
  reach: "people",
  destructive: false,
  undoNone: null,
  input: z.object({
    alertId,
    ...changeable.shape,
    newSecret: z
      .boolean()
      .default(false)
      .describe("true = notifications are signed with a new secret from now on."),
    expectedVersion,
  }),
  output: AlertView.extend({
    signingSecret: z.string().nullable().describe("The new one, shown this once."),
    wouldHaveFired: Rehearsal.optional(),
  }),
  async run({ alertId: id, newSecret, expectedVersion: expected, ...changes }, context) {
    refuseConfined(context);
    const { unit, dryRun } = context;
    const row = await alertOf(context, id);
    refuseOtherVersion(row, expected, "alert");
    const given = changeable.parse(
      Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
    );
    if (Object.keys(given).length === 0 && !newSecret)
      throw new Failure("invalid", "Nothing to change was given.", { pointer: "" });
    const value = await checkedAlert(alert.shape.parse({ ...row.value, ...given }), context);
    if (given.targetUrl !== undefined) await checkTarget(context, given.targetUrl);
    const secret = newSecret ? newDeliverySecret() : undefined;
    const next = unit.update(alert, row, value, secret && { [signing]: secret });
    if (!dryRun) return { ...alertView(next), signingSecret: secret?.reveal() ?? null };
    return { ...alertView(next), signingSecret: null, wouldHaveFired: await rehearsed(value, context) };
  },
});
