// Environments and buckets in a document, and the endpoints that it puts into them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createBucket } from "../../src/planes/account/operations/create-bucket.ts";
import { deleteBucket } from "../../src/planes/account/operations/delete-bucket.ts";
import { deleteEnvironment } from "../../src/planes/account/operations/delete-environment.ts";
import { listBuckets } from "../../src/planes/account/operations/list-buckets.ts";
import { listEnvironments } from "../../src/planes/account/operations/list-environments.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { deleteEndpoint } from "../../src/planes/webhooks/operations/delete-endpoint.ts";
import { getEndpoint } from "../../src/planes/webhooks/operations/get-endpoint.ts";
import { openWorld, type World } from "../world.ts";
import { exported, placeIn, placeWithOrders, targetUrl, type Place } from "./config-place.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

const place = (): Promise<Place> => placeIn(world);

const placed = `
sluice: 1
endpoints:
  orders: { name: Orders, targetUrl: ${targetUrl}, environment: eu, bucket: shop }
  plain: { name: Plain, targetUrl: ${targetUrl}, environment: eu }
buckets:
  eu/shop:
  eu/default: {}
environments:
  eu: {}`;

test("a dry run shows in full what is put into environments and buckets that the same document makes", async () => {
  const at = await place();
  const print = world.fingerprint();
  const { out, err } = await at.config(["apply", "f", "--dry-run"], { file: placed });
  assert.equal(world.fingerprint(), print);
  assert.deepEqual(
    out.split("\n").filter((line) => !line.includes("arget")),
    [
      "+ environments/eu",
      "+ buckets/eu/shop",
      "+ buckets/eu/default, which comes with environments/eu",
      "+ endpoints/orders",
      '    name: "Orders"',
      '    environment: "eu"',
      '    bucket: "shop"',
      "+ endpoints/plain",
      '    name: "Plain"',
      '    environment: "eu"',
      "Not in the document and left alone: 8 records. --prune removes what the document lacks.",
      "5 to create, 0 to change, 0 to remove, 0 as the document says.",
    ],
    err,
  );
  const done = await at.config(["apply", "f"], { file: placed });
  assert.equal(done.exitCode, 0, done.err);
  assert.equal((await at.call(getEndpoint, { endpointId: "orders" }))["bucket"], "shop");
  const again = await at.config(["apply", "f"], { file: placed });
  assert.match(again.out, /^Nothing to change: 5 records as the document says\.$/m);
});

test("pruned, a workspace is as the document says and no more, in one apply", async () => {
  const here = await place();
  await here.config(["apply", "f"], { file: placed });
  const places = await here.call(listEnvironments, {});
  const staging = (places["environments"] as { id: string; name: string }[]).find(
    ({ name }) => name === "staging",
  );
  await here.call(deleteEnvironment, { environmentId: staging?.id });
  await here.call(deleteEndpoint, { endpointId: "plain" });
  const buckets = (await here.call(listBuckets, { environment: "eu" }))["buckets"];
  const first = (buckets as { id: string; name: string }[]).find(({ name }) => name === "default");
  await here.call(deleteBucket, { bucketId: first?.id });
  const file = await exported(here);

  const there = await place();
  await there.call(createEndpoint, { name: "Old", targetUrl, environment: "staging" });
  const pruned = ["apply", "f", "--prune", "--yes"];
  const { exitCode, out, err } = await there.config(pruned, { file });
  assert.equal(exitCode, 0, err);
  assert.deepEqual(
    out.split("\n").filter((line) => line.startsWith("removed ")),
    [
      "removed endpoints/old",
      "removed buckets/staging/default",
      "removed buckets/staging/shop",
      "removed buckets/eu/default",
      "removed environments/staging",
    ],
  );
  assert.equal(await exported(there), file);
  const print = world.fingerprint();
  assert.match((await there.config(pruned, { file })).out, /^Nothing to change/m);
  assert.equal(world.fingerprint(), print);
});

test("a bucket whose name every environment has already is made in a new one", async () => {
  const at = await place();
  await at.call(createBucket, { environment: "development", name: "shop" });
  const { exitCode, err } = await at.config(["apply", "f"], { file: placed });
  assert.equal(exitCode, 0, err);
});

test("an endpoint that names what is to be made is tried in all else", async () => {
  const at = await place();
  const file = placed.replace(targetUrl, "http://10.0.0.1/").replace("name: Plain,", "");
  const { exitCode, err } = await at.config(["apply", "f"], { file });
  assert.equal(exitCode, 2);
  assert.match(err, /This target is not allowed/);
  assert.match(err, /"name": is required/);
});

test("what is pruned may not be named by what stays", async () => {
  const at = await placeWithOrders(world);
  const print = world.fingerprint();
  const file = "sluice: 1\nenvironments: { staging: {} }\nendpoints:\n  orders: { timeoutSeconds: 10 }";
  const { exitCode, err } = await at.config(["apply", "f", "--prune", "--yes"], { file });
  assert.equal(exitCode, 2);
  assert.match(
    err,
    /^error: line 4, column 11: endpoints\/orders names environments\/production, which --prune removes\.$/m,
  );
  assert.equal(world.fingerprint(), print);
});

const faults: readonly (readonly [what: string, file: string, says: RegExp])[] = [
  [
    "a bucket that nobody makes, in an environment that the document makes",
    `sluice: 1\nenvironments: { eu: {} }\nendpoints:\n  shop:\n    name: Shop\n    targetUrl: ${targetUrl}\n    environment: eu\n    bucket: shop`,
    /^error: line 8, column 5: There is no buckets\/eu\/shop, neither on the server nor in the document\.$/m,
  ],
  [
    "an environment that is nowhere",
    "sluice: 1\nbuckets:\n  eu/shop: {}",
    /^error: line 3, column 12: There is no environment "eu"\.$/m,
  ],
  [
    "a key without its parts",
    "sluice: 1\nbuckets:\n  shop: {}",
    /^error: line 3, column 3: "shop" must be environment\/name\.$/m,
  ],
  [
    "a field of what has none",
    "sluice: 1\nenvironments:\n  eu: { colour: green }",
    /^error: line 3, column 9: Unknown field "colour"\./m,
  ],
];

test("what is wrong is found before anything is done, with its line and column", async (t) => {
  const at = await place();
  for (const [what, file, says] of faults)
    await t.test(what, async () => {
      const print = world.fingerprint();
      const { exitCode, err, out } = await at.config(["apply", "f"], { file });
      assert.equal(exitCode, 2, out);
      assert.match(err, says);
      assert.equal(world.fingerprint(), print);
    });
});
