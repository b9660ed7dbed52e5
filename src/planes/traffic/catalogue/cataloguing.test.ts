import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bringIn } from "../../../../test/captured.ts";
import { answeredBy, type Asking } from "../../../../test/asking-api.ts";
import { openWorld, type World } from "../../../../test/world.ts";
import { bucket } from "../../../registry/environment.ts";
import { cataloguing } from "./cataloguing.ts";
import { keptCatalogue, keptDrift } from "./kept-catalogue.ts";

const hourMs = 3_600_000;

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

async function placed(): Promise<{ readonly workspace: string; readonly id: string }> {
  const workspace = await world.newWorkspace();
  const stored = await world.engines.store.records.byKey(
    workspace,
    bucket.kind,
    "name",
    "production/default",
  );
  assert.ok(stored);
  return { workspace, id: stored.id };
}

async function catalogueOf(workspace: string, id: string, list: readonly Asking[]) {
  await bringIn({ ...world, workspace }, list.map(answeredBy));
  await cataloguing(world.engines).run();
  return keptCatalogue(world.engines.store, workspace, id);
}

const article = { code: "x", price: 3, tags: ["new"], createdAt: "2026-11-20T12:00:00Z" };

function articles(count: number): readonly Asking[] {
  return Array.from({ length: count }, (_, n) => ({
    target: `/articles/${"abcdefghijklmnopqrstuvwxyz"[n]}-thing`,
    response: article,
  }));
}

test("a route has the statuses, bodies, query and clients that it was seen with", async () => {
  const { workspace, id } = await placed();
  const { routes } = await catalogueOf(workspace, id, [
    {
      method: "POST",
      target: "/users?trace=1",
      request: { mail: "ada@example.com", age: 36 },
      status: 201,
      response: { id: 1 },
    },
    {
      method: "POST",
      target: "/users",
      request: { mail: "eva@example.com" },
      status: 422,
      response: { error: "no age" },
    },
  ]);
  const route = routes.get("POST /users");
  assert.ok(route);
  assert.deepEqual(Object.keys(route.answers), ["201", "422"]);
  assert.deepEqual(Object.keys(route.query), ["trace"]);
  assert.equal(route.query["trace"]?.always, false);
  const fields = Object.entries(route.request.shape?.fields ?? {});
  assert.deepEqual(
    fields.map(([name, { always, shape }]) => [name, always, shape.kinds]),
    [
      ["age", false, ["integer"]],
      ["mail", true, ["string"]],
    ],
  );
  assert.deepEqual(Object.keys(route.clients), ["Shop/1"]);
});

test("an exchange is looked at once, however often there is a round", async () => {
  const { workspace, id } = await placed();
  await catalogueOf(workspace, id, [{ target: "/once", response: { a: 1 } }]);
  await cataloguing(world.engines).run();
  const { routes } = await keptCatalogue(world.engines.store, workspace, id);
  assert.equal(routes.get("GET /once")?.noted, 1);
});

test("paths that only ever were not found are no routes, and a route may answer 404", async () => {
  const { workspace, id } = await placed();
  const { routes } = await catalogueOf(workspace, id, [
    { target: "/wp-admin", status: 404, response: { error: "not found" } },
    { target: "/users/7", route: "/users/:id", status: 404, response: { error: "no user" } },
    { target: "/any", route: "/*", status: 404 },
  ]);
  assert.deepEqual([...routes.keys()], ["GET /users/:id"]);
});

test("siblings that are answered alike become one template, which is a record", async () => {
  const { workspace, id } = await placed();
  const few = await catalogueOf(workspace, id, articles(9));
  assert.equal(few.routes.size, 9);
  const { routes, records } = await catalogueOf(workspace, id, articles(12));
  assert.deepEqual([...routes.keys()], ["GET /articles/{slug}"]);
  assert.deepEqual(
    records.map(({ value, version }) => [value.template, value.state, version]),
    [["/articles/{slug}", "learned", 1]],
  );
});

test("a name below a learned template that is answered otherwise is told apart", async () => {
  const { workspace, id } = await placed();
  await catalogueOf(workspace, id, articles(12));
  const { routes } = await catalogueOf(workspace, id, [
    { target: "/articles/newest", response: { week: 3, list: [{ position: 1, points: 2.5 }] } },
  ]);
  assert.deepEqual([...routes.keys()].toSorted(), ["GET /articles/newest", "GET /articles/{slug}"]);
});

test("what a route that is known for long does otherwise is told with moment, client and example", async () => {
  const { workspace, id } = await placed();
  const known = Array.from({ length: 60 }, () => ({ target: "/stock", response: article }));
  await catalogueOf(workspace, id, known);
  world.clock.advance(2 * hourMs);
  const changed = { code: 7, price: 3, tags: ["new"], added: true };
  await catalogueOf(workspace, id, [
    { target: "/stock", response: changed, userAgent: "Till/3.0" },
    { target: "/stock", status: 418 },
    { target: "/other", response: {} },
  ]);
  const drifts = await keptDrift(world.engines.store, workspace, id);
  assert.deepEqual(drifts.map(({ kind, where }) => `${kind} ${where}`).toSorted(), [
    "field_added response 200 added",
    "field_missing response 200 createdAt",
    "route_added ",
    "status_added response 418",
    "type_added response 200 code",
  ]);
  const added = drifts.find(({ kind }) => kind === "field_added");
  assert.ok(added);
  assert.equal(added.client, "Till/3");
  assert.deepEqual(added.consumers.toSorted(), ["Shop/1", "Till/3"]);
  assert.match(added.example, /^ex_[0-9a-f]{32}$/);
});

test("values of bodies are kept nowhere in the catalogue, but for the words of a field that has few", async () => {
  const { workspace, id } = await placed();
  const people = ["Ada", "Grace", "Edsger"];
  await catalogueOf(
    workspace,
    id,
    Array.from({ length: 60 }, (_, n) => ({
      method: "POST",
      target: "/people?from=newsletter",
      request: {
        mood: n % 2 === 0 ? "sunny" : "cloudy",
        sign: people[n % 3],
        remark: `xyzzy${n}`,
        wish: "plugh" + "abc"[n % 3],
      },
      response: { id: n },
    })),
  );
  const { routes } = await keptCatalogue(world.engines.store, workspace, id);
  const kept = JSON.stringify(routes.get("POST /people"));
  assert.match(kept, /sunny/);
  for (const value of [...people, "xyzzy", "newsletter"]) assert.doesNotMatch(kept, new RegExp(value));
});

test("a round that could not be stored is done again", async () => {
  const { workspace, id } = await placed();
  await bringIn({ ...world, workspace }, articles(12).map(answeredBy));
  const { store } = world.engines;
  const refused = { ...world.engines, store: { ...store, commit: () => Promise.reject(new Error("gone")) } };
  await assert.rejects(cataloguing(refused).run(), /gone/);
  await cataloguing(world.engines).run();
  const { routes } = await keptCatalogue(store, workspace, id);
  assert.deepEqual([...routes.keys()], ["GET /articles/{slug}"]);
});
