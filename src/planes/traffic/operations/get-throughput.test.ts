import { bringIn } from "../../../../test/captured.ts";
import { scenarios, type Place } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
import { getThroughput } from "./get-throughput.ts";

const minute = 60_000;

async function given(_call: unknown, place: Place): Promise<Output> {
  await bringIn(place, [
    { agoMs: 20 * minute },
    { agoMs: 19 * minute, status: 503 },
    { agoMs: 10 * minute, status: 204 },
    { agoMs: 10 * minute, status: 404 },
    { agoMs: 5 * minute, status: null, outcome: "failed" },
  ]);
  return {};
}

scenarios(getThroughput, [
  {
    name: "answers requests over time by class of status",
    scopes: ["traffic:read"],
    given,
    input: { since: "1h", step: "10m" },
    gives: {
      stepMs: 600_000,
      requests: 5,
      byStatus: { "2xx": 2, "4xx": 1, "5xx": 1, none: 1 },
      series: [
        { at: "2026-11-20T11:40:00.000Z", requests: 2, perSecond: 0.0033, byStatus: { "2xx": 1, "5xx": 1 } },
        { at: "2026-11-20T11:50:00.000Z", requests: 3, byStatus: { "2xx": 1, "4xx": 1, none: 1 } },
      ],
    },
    leaves: {},
  },
  {
    name: "chooses a step that fits",
    scopes: ["traffic:read"],
    given,
    input: { since: "24h" },
    gives: { stepMs: 900_000, series: [{ requests: 2 }, { requests: 3 }] },
    leaves: {},
  },
]);
