import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { Plan, quotaHardShare, quotaKey } from "../../../registry/workspace.ts";
import { endpoint } from "../endpoint.ts";
import { deliverJob } from "../delivery.ts";
import { round } from "../stats.ts";

export const getPlanUsage = read({
  name: "get_plan_usage",
  title: "Get plan usage",
  does: "Answers the plan, what is used and left of this month's quota, and the account's limits. Tests, duplicates, handshakes and rejected requests are not counted.",
  verb: "GET",
  path: "/plan/usage",
  scope: "plan:read",
  input: z.object({}),
  output: z.object({
    plan: Plan,
    month: z.string(),
    events: z.object({ used: z.int(), limit: z.int(), left: z.int(), share: z.number() }),
    state: z
      .enum(["within", "over soft limit", "over hard limit"])
      .describe(
        "Over the soft limit events are accepted and held; over the hard limit they are refused with 429.",
      ),
    resetsAt: z.iso.datetime(),
    endpoints: z.object({ used: z.int(), limit: z.int(), left: z.int() }),
    apiKeysMax: z.int(),
    retentionDays: z.int(),
    pending: z.int(),
  }),
  async run(_input, { traffic, unit, workspace, plan, now }) {
    const key = quotaKey(workspace, now);
    const [tallies, endpoints, open] = await Promise.all([
      traffic.journal.tallies(key),
      unit.count(endpoint),
      traffic.queue.countOpen({ workspace, names: [deliverJob] }),
    ]);
    const used = tallies.get(key) ?? 0;
    const limit = plan.eventsPerMonth;
    const date = new Date(now);
    return {
      plan,
      month: date.toISOString().slice(0, 7),
      events: {
        used,
        limit,
        left: Math.max(0, limit - used),
        share: limit === 0 ? 1 : round(used / limit, 4),
      },
      state: stateOf(used, limit),
      resetsAt: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)).toISOString(),
      endpoints: {
        used: endpoints,
        limit: plan.endpointsMax,
        left: Math.max(0, plan.endpointsMax - endpoints),
      },
      apiKeysMax: plan.apiKeysMax,
      retentionDays: plan.retentionDays,
      pending: [...open.values()].reduce((sum, count) => sum + count, 0),
    };
  },
});

function stateOf(used: number, limit: number): "within" | "over soft limit" | "over hard limit" {
  if (used < limit) return "within";
  return used < limit * quotaHardShare ? "over soft limit" : "over hard limit";
}
