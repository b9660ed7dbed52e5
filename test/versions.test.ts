// What callers are promised of versions: who changes one record that has a version may say which one he has seen.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { newId } from "../src/kernel/id.ts";
import { createBucket } from "../src/planes/account/operations/create-bucket.ts";
import { createEnvironment } from "../src/planes/account/operations/create-environment.ts";
import { inviteMember } from "../src/planes/account/operations/invite-member.ts";
import { planes } from "../src/planes/planes.ts";
import { pathParameters } from "../src/registry/field.ts";
import { invoke } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";
import { rowsOf } from "../src/registry/row-fields.ts";
import { restApp } from "../src/surfaces/rest/rest.ts";
import { addMember } from "./people.ts";
import { callerOf, openWorld, principalOf, type World } from "./world.ts";

type ReadOperation = Extract<Operation, { effect: "read" }>;

const operations: readonly Operation[] = planes.flatMap((plane) => plane.operations);
const versioned = operations.filter(({ output }) => "version" in output.shape);

test("every change that answers a version of what was there before takes expectedVersion, and If-Match with it", () => {
  const creates = (it: Operation): boolean => it.verb === "POST" && pathParameters(it.path).length === 0;
  const changes = versioned.filter((it) => it.effect === "change" && !creates(it));
  assert.ok(changes.length >= 4);
  const without = changes.filter(({ input }) => !("expectedVersion" in input.shape));
  assert.deepEqual(
    without.map(({ name }) => name),
    [],
  );
});

test("what one address reads with a version, it does not remove or change without one", () => {
  const readable = new Set(versioned.filter(({ effect }) => effect === "read").map(({ path }) => path));
  const writes = operations.filter((it) => it.effect === "change" && readable.has(it.path));
  assert.ok(writes.length >= 2);
  for (const { name, input } of writes) assert.ok("expectedVersion" in input.shape, name);
});

/** Changes of one record that take no version, each for a reason. */
const versionless: ReadonlyMap<string, string> = new Map([
  ["undo_change", "what is undone is a change, and it compares the version of every record that it touches"],
]);

test("every change of one record takes expectedVersion, but for those that say why not", () => {
  const isOfOne = (it: Operation): boolean => it.verb === "DELETE" || pathParameters(it.path).length > 0;
  const changes = operations.filter((it) => it.effect === "change" && isOfOne(it));
  assert.ok(changes.length >= 20);
  const without = changes.filter(({ input }) => !("expectedVersion" in input.shape));
  assert.deepEqual(
    without.map(({ name }) => name),
    [...versionless.keys()],
  );
});

test("what is listed has the version that changing one of them takes", () => {
  const taking = operations.filter(({ input }) => "expectedVersion" in input.shape);
  const lists = operations.filter(
    (it): it is ReadOperation => it.effect === "read" && rowsOf(it) !== undefined,
  );
  const pairs = lists.filter(({ path }) =>
    taking.some((it) => it.path.startsWith(`${path}/:`) && pathParameters(it.path).length === 1),
  );
  assert.deepEqual(pairs.map(({ name }) => name).toSorted(), [
    "list_alerts",
    "list_blocks",
    "list_buckets",
    "list_credentials",
    "list_endpoints",
    "list_environments",
    "list_exclusions",
    "list_invitations",
    "list_members",
    "list_personal_keys",
    "list_redactions",
    "list_samplings",
  ]);
  for (const it of pairs) assert.ok(rowsOf(it)?.members.includes("version"), it.name);
});

describe("If-Match over REST", () => {
  let world: World;
  let workspace: string;
  before(async () => {
    world = await openWorld();
    workspace = await world.newWorkspace();
    await addMember(world.engines, { workspace, user: newId("usr"), role: "owner" });
  });
  after(() => world.close());

  const ask = (path: string, method = "GET", headers: Readonly<Record<string, string>> = {}) =>
    restApp({
      operations,
      engines: world.engines,
      authenticate: async () => principalOf(workspace, "all"),
    }).request(`/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(method === "PATCH" && { body: JSON.stringify({ role: "admin" }) }),
    });
  const member = (name: string): Promise<string> =>
    addMember(world.engines, { workspace, user: `usr_${name}`, role: "viewer" });
  const made = async (it: Operation, input: object): Promise<string> =>
    String((await invoke(it, input, callerOf(principalOf(workspace, "all")), world.engines))["id"]);
  const cases: readonly (readonly [method: string, list: string, make: () => Promise<string>])[] = [
    ["DELETE", "environments", () => made(createEnvironment, { name: "canary" })],
    ["DELETE", "buckets", () => made(createBucket, { name: "spare" })],
    ["PATCH", "members", () => member("changed")],
    ["DELETE", "members", () => member("removed")],
    ["DELETE", "invitations", () => made(inviteMember, { email: "ada@example.com" })],
  ];
  for (const [method, list, make] of cases)
    test(`${method} of ${list}: a stale ETag is 412 and changes nothing, the version that is listed is taken`, async () => {
      const id = await make();
      const listed = z.record(z.string(), z.json()).parse(await (await ask(`/${list}`)).json());
      const rows = z.array(z.looseObject({ id: z.string(), version: z.int() })).parse(listed[list]);
      const version = rows.find((row) => row.id === id)?.version ?? 0;
      world.mark();
      const stale = await ask(`/${list}/${id}`, method, { "if-match": `"${version + 1}"` });
      assert.equal(stale.status, 412);
      assert.partialDeepStrictEqual(await stale.json(), { code: "conflict", pointer: "/expectedVersion" });
      assert.deepEqual(world.leftBehind(), {});
      assert.equal((await ask(`/${list}/${id}`, method, { "if-match": `"${version}"` })).status, 200);
    });
});
