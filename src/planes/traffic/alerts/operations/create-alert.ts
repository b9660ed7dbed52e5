import { z } from "zod";
import { checkTarget } from "../../../../registry/allowed-target.ts";
import { newDeliverySecret } from "../../../../registry/delivery-secret.ts";
import { change } from "../../../../registry/operation.ts";
import { refuseConfined } from "../../rules/rule-operations.ts";
import { alert, alertsMax, signing } from "../alert.ts";
import { checkedAlert, settings } from "../alert-settings.ts";
import { alertView, AlertView } from "../alert-view.ts";
import { rehearsed, Rehearsal } from "../rehearsal.ts";

export const createAlert = change({
  name: "create_alert",
  title: "Create an alert",
  does: "Watches error rate, response time, absence of requests or the remainder of webhooks, and posts a signed notification when it fires and when it resolves. A dry run says when it would have fired in the last 24 hours.",
  verb: "POST",
  path: "/alerts",
  scope: "traffic_rules:write",
  reach: "people",
  destructive: false,
  undoNone: null,
  input: z.object({
    name: settings.name,
    watch: settings.watch,
    targetUrl: settings.targetUrl,
    environment: settings.environment.default(null),
    bucket: settings.bucket.default(null),
    path: settings.path.default(null),
    windowMinutes: settings.windowMinutes.optional(),
    resolveAfterMinutes: settings.resolveAfterMinutes.default(5),
    remindHours: settings.remindHours.default(24),
  }),
  output: AlertView.extend({
    signingSecret: z.string().nullable().describe("What notifications are signed with, shown this once."),
    wouldHaveFired: Rehearsal.optional(),
  }),
  async run({ windowMinutes, ...input }, context) {
    refuseConfined(context);
    const { unit, dryRun } = context;
    unit.limit(alert, alertsMax);
    const value = await checkedAlert({ ...input, windowMinutes, isActive: true }, context);
    await checkTarget(context, value.targetUrl);
    const secret = newDeliverySecret();
    const row = unit.create(alert, value, { [signing]: secret });
    if (!dryRun) return { ...alertView(row), signingSecret: secret.reveal() };
    return { ...alertView(row), signingSecret: null, wouldHaveFired: await rehearsed(value, context) };
  },
});
