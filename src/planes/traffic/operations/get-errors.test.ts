import { bringIn } from "../../../../test/captured.ts";
import { scenarios, type Place } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
import { getErrors } from "./get-errors.ts";

const locked = { status: 503, method: "POST", error: { type: "Timeout", message: "the stock is locked" } };

async function given(_call: unknown, place: Place): Promise<Output> {
  await bringIn(place, [
    { agoMs: 9_000, status: 200 },
    { agoMs: 8_000, ...locked },
    { agoMs: 7_000, ...locked, target: "/orders/8" },
    { agoMs: 6_000, status: 404 },
    { agoMs: 5_000, status: 302 },
    { agoMs: 4_000, status: null, outcome: "failed" },
    { agoMs: 3_000, status: null, outcome: "aborted" },
  ]);
  return {};
}

scenarios(getErrors, [
  {
    name: "lists what was answered 400 and up or failed, newest first; who left is no error",
    scopes: ["traffic:read"],
    given,
    input: {},
    gives: {
      errors: [{ status: null, outcome: "failed" }, { status: 404 }, { status: 503 }, { status: 503 }],
      groups: [],
    },
    leaves: {},
  },
  {
    name: "only those that are asked for",
    scopes: ["traffic:read"],
    given,
    input: { status: "4xx" },
    gives: { errors: [{ status: 404 }] },
    leaves: {},
  },
  {
    name: "of a status that is given as a number",
    scopes: ["traffic:read"],
    given,
    input: { status: 503 },
    gives: { errors: [{ status: 503 }, { status: 503 }] },
    leaves: {},
  },
  {
    name: "counts those that are alike, the most frequent first",
    scopes: ["traffic:read"],
    given,
    input: { group: true },
    gives: {
      errors: [],
      groups: [
        {
          count: 2,
          status: 503,
          firstAt: "2026-11-20T11:59:52.000Z",
          lastAt: "2026-11-20T11:59:53.000Z",
          untrusted: { method: "POST", route: "/orders/:id", error: "Timeout" },
        },
        { count: 1 },
        { count: 1 },
      ],
      groupCount: 3,
      cutShort: false,
    },
    leaves: {},
  },
  {
    name: "shows as many of them as are asked for, and says how many there are",
    scopes: ["traffic:read"],
    given,
    input: { group: true, limit: 1, fields: ["count", "status"] },
    gives: { groups: [{ count: 2, status: 503 }], groupCount: 3, nextCursor: null, cutShort: false },
    leaves: {},
  },
  {
    name: "a query that cannot be read",
    scopes: "all",
    input: { query: "(" },
    fails: { kind: "invalid", pointer: "/query" },
    leaves: {},
  },
]);
