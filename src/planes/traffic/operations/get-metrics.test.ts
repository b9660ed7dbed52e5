import { bringIn } from "../../../../test/captured.ts";
import { scenarios, type Place } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
import { getMetrics } from "./get-metrics.ts";

async function given(_call: unknown, place: Place): Promise<Output> {
  await bringIn(place, [
    { agoMs: 90_000, durationMs: 10 },
    { agoMs: 80_000, durationMs: 20, request: { text: "12345" }, response: { text: "1234567" } },
    { agoMs: 70_000, durationMs: 30, status: 404 },
    { agoMs: 60_000, durationMs: 40, status: 500, method: "POST" },
    { agoMs: 50_000, durationMs: 50, status: null, outcome: "failed" },
    { agoMs: 40_000, durationMs: 60, status: null, outcome: "aborted" },
    { agoMs: 30_000, durationMs: 0, status: 403, outcome: "blocked" },
    { agoMs: 20_000, durationMs: 70, route: null, target: "/users/42?x=1", weight: 3 },
    // A call that a request made is no request.
    { agoMs: 10_000, kind: "outbound", status: 500 },
  ]);
  return {};
}

scenarios(getMetrics, [
  {
    name: "counts every request, those that a recorded one stands for among them",
    scopes: ["traffic:read"],
    given,
    input: {},
    gives: {
      requests: 10,
      errors: 4,
      errorRate: 0.4,
      averageMs: 42,
      clientErrors: 2,
      serverErrors: 1,
      failed: 1,
      aborted: 1,
      blocked: 1,
      requestBytes: 5,
      responseBytes: 7,
      byStatus: { "2xx": 5, "4xx": 2, "5xx": 1, none: 2 },
      byMethod: { GET: 9, POST: 1 },
      busiest: [{ requests: 6 }, { requests: 3, untrusted: { route: "/users/{number}" } }, { requests: 1 }],
      series: [],
    },
    leaves: {},
  },
  {
    name: "of one route, by the route or a path of it",
    scopes: ["traffic:read"],
    given,
    input: { path: "/users/7" },
    gives: { requests: 3, averageMs: 70 },
    leaves: {},
  },
  {
    name: "by steps when asked for them",
    scopes: ["traffic:read"],
    given,
    input: { step: "1m", since: "1h" },
    gives: {
      series: [
        { at: "2026-11-20T11:58:00.000Z", requests: 3 },
        { at: "2026-11-20T11:59:00.000Z", requests: 7 },
      ],
    },
    leaves: {},
  },
  {
    name: "nothing where there was nothing",
    scopes: ["traffic:read"],
    given,
    input: { environment: "staging" },
    gives: { requests: 0, averageMs: null, errorRate: null, busiest: [] },
    leaves: {},
  },
  {
    name: "steps that are too many",
    scopes: "all",
    input: { step: "1m", since: "30d" },
    fails: { kind: "invalid", pointer: "/step" },
    leaves: {},
  },
  {
    name: "a step of nothing",
    scopes: "all",
    input: { step: "0m" },
    fails: { kind: "invalid", pointer: "/step" },
    leaves: {},
  },
]);
