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
    gives: { requests: 3, averageMs: 70, wholeRoutes: true },
    leaves: {},
  },
  {
    name: "of a route itself, or of all, nothing is wider than what was asked",
    scopes: ["traffic:read"],
    given,
    input: { path: "/users/{number}" },
    gives: { requests: 3, wholeRoutes: false },
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
    name: "what agents lost, by reason, of the places that are asked for",
    scopes: ["traffic:read"],
    given: async (_call, place) => {
      const lost = { records: 3, summaries: 0, reasons: { queue_full: 2, too_large: 1 } };
      await bringIn(place, [], { dropped: lost });
      await bringIn(place, [], { dropped: { records: 0, summaries: 5, reasons: { queue_full: 5 } } });
      await bringIn(place, [], { environment: "staging", dropped: { ...lost, records: 100 } });
      return bringIn(place, [{ status: 200 }]);
    },
    input: { environment: "production" },
    gives: {
      requests: 1,
      dropped: {
        records: 3,
        summaries: 5,
        whole: true,
        untrusted: { reasons: { queue_full: 7, too_large: 1 } },
      },
    },
    leaves: {},
  },
  {
    name: "nothing where there was nothing",
    scopes: ["traffic:read"],
    given,
    input: { environment: "staging" },
    gives: { requests: 0, averageMs: null, errorRate: null, dropped: { records: 0 }, busiest: [] },
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
