import { z } from "zod";
import { Failure } from "../../../../kernel/failure.ts";
import { newExchangeId } from "../../../../kernel/id.ts";
import type { Context } from "../../../../registry/context.ts";
import { act } from "../../../../registry/operation.ts";
import { waitFor } from "../../../../registry/wait.ts";
import { refuseConfined } from "../../rules/rule-operations.ts";
import { alertId, alertOf } from "../alert-of.ts";
import { FiguresView, figuresView } from "../figures.ts";
import { look, settledAt } from "../look.ts";
import { minuteMs, withPercentile } from "../minutes.ts";
import { entryOf, notificationOf, type Notification } from "../notification.ts";

const waitMax = 20_000;
const testsPerMinute = 20;

const Attempt = z.object({
  status: z.int().nullable().describe("null = there was no answer."),
  error: z.string().nullable(),
  durationMs: z.number(),
});

export const testAlert = act({
  name: "test_alert",
  title: "Test an alert",
  does: "Looks at the alert now and sends a notification, marked as a test, as a real one is sent; answers what its target said. A dry run says what would be sent.",
  verb: "POST",
  path: "/alerts/:alertId/test",
  scope: "traffic_rules:write",
  reach: "people",
  destructive: false,
  input: z.object({ alertId }),
  output: z.object({
    state: z.enum(["planned", "delivered", "failed", "pending"]),
    wouldFire: z.boolean().describe("Whether it is over its bounds by the figures of now."),
    figures: FiguresView,
    notificationId: z.string().nullable().describe("`sluice-id` of what was sent."),
    target: z.string(),
    body: z.string().describe("What is sent, signed."),
    attempt: Attempt.nullable(),
  }),
  async plan({ alertId: id }, context) {
    refuseConfined(context);
    const row = await alertOf(context, id);
    const { value } = row;
    const refusal = context.outbound.check(value.targetUrl);
    if (refusal !== undefined)
      throw new Failure("invalid", `The target is not allowed: ${refusal.message}`, {
        pointer: "/alertId",
        hint: refusal.hint,
      });
    const { workspace, now } = context;
    const to = settledAt(now);
    const [judged] = await look(
      workspace,
      value,
      { ends: { from: to - minuteMs, to }, knownFrom: 0 },
      context,
    );
    if (judged === undefined) throw new Error("a window was asked for and not looked at");
    const figures = await withPercentile(workspace, value, judged.figures, context);
    await countTest(row.id, context);
    const news = { type: "alert.test", at: now, figures, firedAt: null, incident: null } as const;
    return {
      notification: notificationOf(row, { ...news, id: newExchangeId(now) }),
      wouldFire: judged.verdict === "over" && judged.enough,
      figures: figuresView(figures, value.watch),
      target: new URL(value.targetUrl).origin,
    };
  },
  preview({ notification, ...about }) {
    return {
      ...about,
      state: "planned" as const,
      notificationId: null,
      body: notification.body,
      attempt: null,
    };
  },
  async perform({ notification, ...about }, context) {
    const { traffic, workspace } = context;
    await traffic.journal.commit(entryOf(workspace, notification));
    const attempt = await firstAttempt(notification, context);
    return {
      ...about,
      state: stateOf(attempt),
      notificationId: notification.id,
      body: notification.body,
      attempt: attempt ?? null,
    };
  },
});

function stateOf(attempt: z.output<typeof Attempt> | undefined): "delivered" | "failed" | "pending" {
  if (attempt === undefined) return "pending";
  return attempt.error === null ? "delivered" : "failed";
}

/** Counted while planning, when nothing is written yet: a test too many leaves no trace in the audit. */
async function countTest(alert: string, { dryRun, counters, clock }: Context): Promise<void> {
  if (dryRun) return;
  const { allowed, resetAt } = await counters.hit(`test_alert/${alert}`, testsPerMinute, minuteMs);
  if (!allowed)
    throw new Failure("limited", `At most ${testsPerMinute} tests a minute are sent for one alert.`, {
      retryAfterMs: Math.max(0, resetAt - clock.now()),
    });
}

async function firstAttempt(
  { id }: Notification,
  { ledger, traffic, workspace, signal }: Context,
): Promise<z.output<typeof Attempt> | undefined> {
  const seen = async () => (await ledger.children(workspace, id, 1))[0];
  const attempt = await waitFor(seen, traffic, waitMax, signal);
  if (attempt === undefined) return undefined;
  const { status, error, durationMs } = attempt;
  return { status, error, durationMs };
}
