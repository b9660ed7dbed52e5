import { bringIn, type Told } from "../../../../test/captured.ts";
import { scenarios, type Place, type Prepare } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
import { compareWindows } from "./compare-windows.ts";
import { createEvent } from "./create-event.ts";

const minute = 60_000;

/** The release of 11:30 makes one route slow and another fail. */
async function given(call: Prepare, place: Place): Promise<Output> {
  const told = Array.from({ length: 900 }, (_, n): Told => {
    const agoMs = 59 * minute - n * 3_900;
    const isAfter = agoMs < 30 * minute;
    const route = ["/slow", "/broken", "/same"][n % 3] ?? "";
    return {
      agoMs,
      route,
      target: route,
      durationMs: 10 + (n % 10) + (isAfter && route === "/slow" ? 500 : 0),
      status: isAfter && route === "/broken" && n % 2 === 0 ? 500 : 200,
    };
  });
  await bringIn(place, told);
  const { id } = await call(createEvent, {
    type: "deployment",
    name: "1.1",
    startedAt: "2026-11-20T11:30:00Z",
  });
  return { marker: id };
}

scenarios(compareWindows, [
  {
    name: "around a marker: all traffic, and each route, the worst first",
    scopes: ["traffic:read"],
    given,
    input: ({ marker }) => ({ marker, minutes: 30 }),
    gives: {
      verdict: "regressed",
      complete: true,
      before: { from: "2026-11-20T11:00:00.000Z", to: "2026-11-20T11:30:00.000Z" },
      after: { from: "2026-11-20T11:30:00.000Z", to: "2026-11-20T12:00:00.000Z" },
      errorRate: { before: 0, verdict: "regressed" },
      routes: [
        { verdict: "regressed" },
        { verdict: "regressed" },
        { verdict: "no evidence", untrusted: { route: "/same" } },
      ],
    },
    leaves: {},
  },
  {
    name: "around a moment, of one route",
    scopes: ["traffic:read"],
    given,
    input: { at: "30m", minutes: 30, path: "/slow" },
    gives: {
      verdict: "regressed",
      errorRate: { verdict: "no evidence" },
      p95Ms: { verdict: "regressed" },
      routes: [{ untrusted: { route: "/slow" } }],
    },
    leaves: {},
  },
  {
    name: "says when there is too little to tell, and when the time after is not over",
    scopes: ["traffic:read"],
    input: { at: "5m", minutes: 30 },
    gives: { verdict: "insufficient data", complete: false, routes: [] },
    leaves: {},
  },
  {
    name: "a marker and a moment",
    scopes: "all",
    input: { at: "5m", marker: "mrk_x" },
    fails: { kind: "invalid", pointer: "/marker" },
    leaves: {},
  },
  {
    name: "neither",
    scopes: "all",
    input: {},
    fails: { kind: "invalid", pointer: "/marker" },
    leaves: {},
  },
  {
    name: "a marker that is not there",
    scopes: "all",
    input: { marker: "mrk_none" },
    fails: { kind: "not_found", pointer: "/marker" },
    leaves: {},
  },
  {
    name: "a time that is yet to come",
    scopes: "all",
    input: { at: "2026-11-21T00:00:00Z" },
    fails: { kind: "invalid", pointer: "/at" },
    leaves: {},
  },
]);
