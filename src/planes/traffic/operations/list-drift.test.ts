import assert from "node:assert/strict";
import { test } from "node:test";
import type { Asking } from "../../../../test/asking-api.ts";
import { scenarios, type Place, type Scenario } from "../../../../test/scenario.ts";
import { articles, seenApi } from "../../../../test/seen-api.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { listDrift } from "./list-drift.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const ago = Math.floor(dayMs - hourMs);

/** A route that was known for a day, and what came of it since. */
async function given(_call: unknown, place: Place): Promise<Output> {
  const known = { code: "x", price: 3, old: true };
  await seenApi(place, [
    ...Array.from({ length: 60 }, () => ({ target: "/stock", response: known, agoMs: ago })),
    { target: "/retired", response: {}, agoMs: ago },
  ]);
  await seenApi(place, [
    { target: "/stock", response: { code: 7, price: 3, fresh: { a: 1 } }, userAgent: "Till/3.0" },
    { target: "/stock?page=2", response: { code: "x", price: 3 } },
    { target: "/stock", status: 418, userAgent: "Pot/1" },
    { target: "/brand-new", response: {} },
  ]);
  return {};
}

function refused(name: string, input: Output, pointer: string): Scenario {
  return { name, scopes: "all", given, input, fails: { kind: "invalid", pointer }, leaves: {} };
}

scenarios(listDrift, [
  {
    name: "tells what is new, of another type, and missing, with the client and an example",
    scopes: ["traffic:read"],
    given,
    input: { since: "1h", path: "/stock", client: "Till/3" },
    gives: {
      window: {},
      gone: [{ kind: "field_gone", untrusted: { where: "response 200 old" } }],
      nextCursor: null,
    },
    leaves: {},
  },
  {
    name: "nothing changed in a bucket without traffic",
    scopes: ["traffic:read"],
    input: {},
    gives: { changes: [], gone: [], nextCursor: null },
    leaves: {},
  },
  refused("a bucket that is not there", { bucket: "nowhere" }, "/bucket"),
  refused("a cursor of another list", { cursor: "newer" }, "/cursor"),
  refused("a moment that is to come", { since: "2027-01-01T00:00:00Z" }, "/since"),
]);

type Line = {
  readonly kind: string;
  readonly untrusted: { readonly template: string; readonly where: string };
};

async function inGiven(
  use: (ask: (input: object) => Promise<Output>, place: Place) => Promise<void>,
): Promise<void> {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    await given(undefined, { ...world, workspace });
    await use((input) => invoke(listDrift, input, callerOf(principalOf(workspace, "all")), world.engines), {
      ...world,
      workspace,
    });
  } finally {
    await world.close();
  }
}

function lines(output: Output, list: "changes" | "gone"): readonly string[] {
  return (output[list] as readonly Line[])
    .map(({ kind, untrusted: { template, where } }) => `${kind} ${template} ${where}`.trim())
    .toSorted();
}

test("every difference is told once, and what is gone since", () =>
  inGiven(async (ask) => {
    const drift = await ask({ since: "1h" });
    assert.deepEqual(lines(drift, "changes"), [
      "field_added /stock response 200 fresh",
      "field_missing /stock response 200 old",
      "query_added /stock query page",
      "route_added /brand-new",
      "status_added /stock response 418",
      "type_added /stock response 200 code",
    ]);
    assert.deepEqual(lines(drift, "gone"), ["field_gone /stock response 200 old", "route_gone /retired"]);
    const changes = drift["changes"] as readonly Line[];
    const type = changes.find(({ kind }) => kind === "type_added");
    assert.partialDeepStrictEqual(type?.untrusted, {
      method: "GET",
      before: "string",
      after: "integer or string",
      client: "Till/3",
    });
    assert.deepEqual(lines(await ask({ client: "Pot/1" }), "changes"), ["status_added /stock response 418"]);
    assert.deepEqual(lines(await ask({ since: "0m", path: "/retired" }), "changes"), []);
  }));

test("pages follow each other without a gap, and what is gone is on the first", () =>
  inGiven(async (ask, place) => {
    const names = (from: number) =>
      Array.from(
        { length: 27 },
        (_, n) => `q${"abcdefghijklmnopqrstuvwxyz"[n % 26]}${from}${n > 25 ? "x" : ""}`,
      );
    await seenApi(place, [
      { target: `/stock?${names(1).join("&")}`, response: { code: "x" } },
      { target: `/stock?${names(2).join("&")}`, response: { code: "x" } },
    ]);
    const first = await ask({ since: "1h" });
    assert.equal((first["gone"] as readonly unknown[]).length, 2);
    const second = await ask({ since: "1h", cursor: first["nextCursor"] });
    assert.deepEqual(second["gone"], []);
    assert.equal(second["nextCursor"], null);
    const all = [...lines(first, "changes"), ...lines(second, "changes")];
    assert.equal(new Set(all).size, all.length);
    assert.equal(all.filter((it) => it.startsWith("query_added")).length, 55);
  }));

test("paths that became part of a template are no routes that were added", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const place: Place = { ...world, workspace };
    const old: readonly Asking[] = [{ target: "/stock", response: {}, agoMs: ago }];
    await seenApi(place, old);
    await seenApi(place, articles(5));
    const ask = () => invoke(listDrift, {}, callerOf(principalOf(workspace, "all")), world.engines);
    assert.equal(lines(await ask(), "changes").length, 5);
    await seenApi(place, articles(12));
    assert.deepEqual(lines(await ask(), "changes"), ["route_learned /articles/{slug}"]);
  } finally {
    await world.close();
  }
});
