// The configuration as a document: what is exported makes another workspace the same, and nothing is done twice.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../src/kernel/failure.ts";
import { createBucket } from "../../src/planes/account/operations/create-bucket.ts";
import { createEnvironment } from "../../src/planes/account/operations/create-environment.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getEndpoint } from "../../src/planes/webhooks/operations/get-endpoint.ts";
import { setEndpointSecret } from "../../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { updateEndpoint } from "../../src/planes/webhooks/operations/update-endpoint.ts";
import type { Call } from "../../src/surfaces/cli/call.ts";
import { runCli } from "../../src/surfaces/cli/cli.ts";
import { openWorld, type World } from "../world.ts";
import { exported, operations, placeIn, placeWithOrders, targetUrl, type Place } from "./config-place.ts";

const secret = "whsec_FAKEfakeFAKEfakeFAKEfakeFAKE0001";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

const place = (): Promise<Place> => placeIn(world);
const withOrders = (): Promise<Place> => placeWithOrders(world);

const text = fc.oneof(
  fc.constantFrom("yes", "null", "1e3", "- a", "#", "a: b", "\u202e", "0x1f", "~"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 30 }).filter((it) => it.trim() !== ""),
);
const slug = fc.stringMatching(/^[a-z0-9]{1,6}(-[a-z0-9]{1,4})?$/);
const endpoint = fc.record(
  {
    name: text,
    targetUrl: fc.webPath().map((path) => `https://api.example.com${path}`),
    provider: fc.constantFrom("stripe", "Git Hub", "svix"),
    environment: fc.constantFrom("production", "staging", "development"),
    timeoutSeconds: fc.integer({ min: 1, max: 120 }),
    maxAttempts: fc.integer({ min: 1, max: 12 }),
  },
  { requiredKeys: ["name", "targetUrl"] },
);

test("export, apply elsewhere, export again: the same, and a second apply changes nothing", async () => {
  const settings = fc.dictionary(slug, fc.tuple(endpoint, fc.boolean()), { minKeys: 1, maxKeys: 4 });
  const places = fc.uniqueArray(fc.constantFrom("eu", "production", "us"), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(settings, places, async (endpoints, environments) => {
      const [here, there] = [await place(), await place()];
      for (const environment of environments) {
        if (environment !== "production") await here.call(createEnvironment, { name: environment });
        await here.call(createBucket, { environment, name: "crm" });
      }
      for (const [i, [key, [input, isActive]]] of Object.entries(endpoints).entries()) {
        const verification = input.provider === undefined ? {} : { eventType: { header: "X-Kind" } };
        const own = environments[i];
        const where = own === undefined ? {} : { environment: own, bucket: i % 2 === 0 ? "crm" : "default" };
        const { id } = await here.call(createEndpoint, { ...input, slug: key, verification, ...where });
        if (!isActive) await here.call(updateEndpoint, { endpointId: id, isActive });
      }
      const file = await exported(here);
      const untouched = world.fingerprint();
      const dry = await there.config(["apply", "f", "--dry-run"], { file });
      assert.equal(dry.exitCode, 0, dry.err);
      assert.equal(world.fingerprint(), untouched);
      const first = await there.config(["apply", "f"], { file });
      assert.ok(first.out.startsWith(dry.out));
      assert.equal(first.exitCode, 0, first.err);
      assert.equal(await exported(there), file);
      const print = world.fingerprint();
      const second = await there.config(["apply", "f"], { file });
      assert.match(second.out, /^Nothing to change: /m);
      assert.equal(world.fingerprint(), print);
    }),
    { numRuns: 15 },
  );
});

test("JSON is a document too", async () => {
  const here = await withOrders();
  const { out: file } = await here.config(["export", "--json"]);
  const there = await place();
  assert.equal((await there.config(["apply", "-"], { file })).exitCode, 0);
  assert.equal(await exported(there), await exported(here));
});

test("a dry run shows field by field what would change, and changes nothing", async () => {
  const at = await withOrders();
  const print = world.fingerprint();
  const { exitCode, out } = await at.config(["apply", "f", "--dry-run"], {
    file: `
sluice: 1
endpoints:
  orders: { timeoutSeconds: 10, isActive: false, provider: custom, verification: { eventType: { header: X-Kind }, scheme: {
    algorithm: hmac-sha256, key: { encoding: utf8 }, signature: { header: x-sig, encoding: hex }, signed: "{body}" } } }
  shop: { name: Shop, targetUrl: ${targetUrl} }`,
  });
  assert.equal(exitCode, 0);
  assert.equal(world.fingerprint(), print);
  for (const line of [
    "~ endpoints/orders",
    "    isActive: true -> false",
    "    timeoutSeconds: 30 -> 10",
    '    provider: null -> "custom"',
    '    verification.eventType: {"header":"x-kind"}',
    "+ endpoints/shop",
    '    name: "Shop"',
    "1 to create, 1 to change, 0 to remove, 0 as the document says.",
  ])
    assert.ok(out.split("\n").includes(line), `${line}\nin\n${out}`);
});

test("a value that the server makes into what is there already is no change", async () => {
  const at = await place();
  await at.call(createEndpoint, { name: "Orders", targetUrl, provider: "github" });
  const { out } = await at.config(["apply", "f"], {
    file: "sluice: 1\nendpoints:\n  orders: { name: ' Orders ', provider: Git Hub }",
  });
  assert.match(out, /^Nothing to change: 1 record as the document says\.$/m);
});

test("what a document does not have stays, is removed when that is asked for and confirmed, and never without a section", async () => {
  const at = await withOrders();
  const file = "sluice: 1\nendpoints: {}";
  const stays = await at.config(["apply", "f"], { file });
  assert.match(stays.out, /left alone: 1 record\. --prune removes what the document lacks\./);
  const silent = await at.config(["apply", "f", "--prune", "--yes"], { file: "sluice: 1" });
  assert.match(silent.out, /^Nothing to change/m);
  const unconfirmed = await at.config(["apply", "f", "--prune"], { file });
  assert.deepEqual(
    [unconfirmed.exitCode, (await at.call(getEndpoint, { endpointId: "orders" }))["slug"]],
    [2, "orders"],
  );
  assert.match(unconfirmed.err, /^error: Removing was not confirmed, so nothing was done\.$/m);
  const asked: string[] = [];
  const declined = await at.config(["apply", "f", "--prune"], {
    file,
    confirm: async (question) => (asked.push(question), false),
  });
  assert.deepEqual([declined.exitCode, asked], [2, ["Remove 1 record?"]]);
  const done = await at.config(["apply", "f", "--prune", "--yes", "--json"], { file });
  assert.deepEqual(JSON.parse(done.out), {
    applied: true,
    changes: [{ do: "remove", record: "endpoints/orders", fields: [] }],
    byHand: [],
    same: 0,
    others: 0,
  });
  await assert.rejects(at.call(getEndpoint, { endpointId: "orders" }), { kind: "not_found" });
});

test("secrets are not exported, are taken from the environment where none is stored, and are left alone where one is", async () => {
  const here = await place();
  await here.call(createEndpoint, { name: "Orders", targetUrl, provider: "stripe" });
  await here.call(setEndpointSecret, { endpointId: "orders", secret });
  const file = await exported(here);
  assert.match(file, /^ {4}secrets:\n {6}verification: stored$/m);
  assert.ok(!file.includes(secret));

  const there = await place();
  const byHand =
    "! endpoints/orders waits for its secret `verification`: sluice set-endpoint-secret orders --secret-file -";
  assert.ok((await there.config(["apply", "f"], { file })).out.includes(byHand));

  const referring = file.replace("verification: stored", "verification: ${THE_SECRET}");
  const lacking = await there.config(["apply", "f"], { file: referring });
  assert.equal(lacking.exitCode, 2);
  assert.match(lacking.err, /^error: line \d+, column 7: The environment has no THE_SECRET\.$/m);
  const environment = { THE_SECRET: secret };
  const given = await there.config(["apply", "f"], { file: referring, environment });
  assert.match(given.out, /^ {4}secrets\.verification: "stored"$/m);
  assert.ok(!given.out.includes(secret));
  assert.equal((await there.call(getEndpoint, { endpointId: "orders" }))["verification"], "on");
  const print = world.fingerprint();
  const again = await there.config(["apply", "f"], { file: referring, environment });
  assert.match(again.out, /^Nothing to change/m);
  assert.equal(world.fingerprint(), print);

  const written = await there.config(["apply", "f"], {
    file: file.replace("verification: stored", `verification: ${secret}`),
  });
  assert.match(written.err, /^error: line \d+, column 7: A secret does not stand in a document\.$/m);
  assert.ok(!written.err.includes(secret));
});

const faults: readonly (readonly [what: string, file: string, says: RegExp])[] = [
  ["no YAML", "sluice: 1\nendpoints: [", /^error: line 2, column \d+: /m],
  [
    "a key twice",
    "sluice: 1\nendpoints: {}\nendpoints: {}",
    /^error: line 3, column 1: Map keys must be unique$/m,
  ],
  ["no mapping", "- sluice", /^error: The document is no mapping\.$/m],
  ["no version", "endpoints: {}", /^error: line 1, column 1: The document must say `sluice: 1`/m],
  [
    "an unknown section",
    "sluice: 1\nendpoint: {}",
    /^error: line 2, column 1: Unknown field "endpoint"\. Did you mean "endpoints"\?$/m,
  ],
  [
    "a section that is a list",
    "sluice: 1\nendpoints: []",
    /^error: line 2, column 1: "endpoints" must be a mapping/m,
  ],
  [
    "a record that is a text",
    "sluice: 1\nendpoints:\n  orders: x",
    /^error: line 3, column 3: "orders" must be a mapping/m,
  ],
  [
    "an unknown field",
    "sluice: 1\nendpoints:\n  orders:\n    timeoutSecond: 1",
    /^error: line 4, column 5: Unknown field "timeoutSecond"\. Did you mean "timeoutSeconds"\?$/m,
  ],
  [
    "a wrong value",
    "sluice: 1\nendpoints:\n  orders:\n    timeoutSeconds: 500",
    /^error: line 4, column 5: "timeoutSeconds": Too big[^]*^field: \/endpoints\/orders\/timeoutSeconds$/m,
  ],
  [
    "a wrong value deep within",
    "sluice: 1\nendpoints:\n  orders:\n    provider: stripe\n    verification:\n      eventType:\n        pointer: type",
    /^error: line [567], column \d+: /m,
  ],
  [
    "a field that is fixed",
    "sluice: 1\nendpoints:\n  orders:\n    environment: staging",
    /^error: line 4, column 5: "environment" is "production" and stays so/m,
  ],
  [
    "an inner address",
    `sluice: 1\nendpoints:\n  shop:\n    name: Shop\n    targetUrl: http://10.0.0.1/`,
    /^error: line 5, column 5: This target is not allowed/m,
  ],
  [
    "a required field left out",
    "sluice: 1\nendpoints:\n  shop:\n    name: Shop",
    /^error: line 4, column 5: "targetUrl": is required/m,
  ],
  [
    "an unknown secret",
    "sluice: 1\nendpoints:\n  orders:\n    secrets: { verificatoin: stored }",
    /^error: line 4, column 16: Unknown field "verificatoin"\. Did you mean "verification"\?$/m,
  ],
  [
    "a secret that nothing would use",
    "sluice: 1\nendpoints:\n  orders:\n    secrets: { verification: '${X}' }",
    /^error: line 4, column 16: This record takes no such secret/m,
  ],
];

test("what is wrong is found before anything is done, with its line and column", async (t) => {
  const at = await withOrders();
  for (const [what, file, says] of faults)
    await t.test(what, async () => {
      const print = world.fingerprint();
      const { exitCode, err, out } = await at.config(["apply", "f"], { file });
      assert.equal(exitCode, 2, out);
      assert.match(err, says);
      assert.equal(world.fingerprint(), print);
    });
});

test("an apply that is interrupted says how far it came, and the same command does the rest", async () => {
  const there = await place();
  const names = ["a", "b", "c"];
  const file = `sluice: 1\nendpoints:\n${names.map((name) => `  ${name}: { name: ${name}, targetUrl: ${targetUrl} }`).join("\n")}`;
  let creations = 0;
  const through =
    (call: Call): Call =>
    (method, path, body, headers) => {
      const real = method === "POST" && !JSON.stringify(body).includes("dryRun");
      if (real && ++creations === 2) throw new Failure("unavailable", "Nothing answers at this address.");
      return call(method, path, body, headers);
    };
  const cut = await there.config(["apply", "f"], { file, through });
  assert.equal(cut.exitCode, 7);
  assert.match(cut.out, /^created endpoints\/a$/m);
  assert.match(cut.err, /^error: endpoints\/b: Nothing answers at this address\.$/m);
  assert.match(cut.err, /^hint: 1 of 3 steps are done; the same command does the rest\.$/m);
  const rest = await there.config(["apply", "f"], { file });
  assert.match(rest.out, /^2 to create, 0 to change, 0 to remove, 1 as the document says\.$/m);
});

test("what somebody changed meanwhile is not overwritten", async () => {
  const at = await withOrders();
  const through =
    (call: Call): Call =>
    async (method, path, body, headers) => {
      const real = method === "PATCH" && !JSON.stringify(body).includes("dryRun");
      if (real) await at.call(updateEndpoint, { endpointId: "orders", name: "Theirs" });
      return call(method, path, body, headers);
    };
  const file = "sluice: 1\nendpoints:\n  orders: { name: Mine }";
  const { exitCode, err } = await at.config(["apply", "f"], { file, through });
  assert.equal(exitCode, 5);
  assert.match(err, /The endpoint is at version 2, not 1/);
  assert.equal((await at.call(getEndpoint, { endpointId: "orders" }))["name"], "Theirs");
});

test("other words and flags are refused with those there are", async () => {
  const at = await place();
  for (const args of [
    [],
    ["import"],
    ["apply"],
    ["apply", "a", "b"],
    ["export", "a"],
    ["apply", "f", "--prun"],
  ]) {
    const { exitCode, err } = await at.config(args);
    assert.equal(exitCode, 2, args.join(" "));
    assert.match(err, /^(allowed|hint): /m);
  }
});

async function completionOf(shell: string): Promise<string> {
  const out: string[] = [];
  await runCli({
    argv: ["completion", shell],
    operations,
    builtins: [],
    version: "0",
    call: () => assert.fail("nothing is called"),
    print: (line) => void out.push(line),
    printError: (line) => assert.fail(line),
    readInput: async () => "",
  });
  return out.join("\n");
}

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: "utf8" }).trim();
const without = (program: string): string | false =>
  spawnSync(program, ["--version"]).error !== undefined && `${program} is not installed`;

test("bash completes what follows config", { skip: without("bash") }, async () => {
  const script = await completionOf("bash");
  const asked = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; echo "\${COMPREPLY[*]}"`;
  const complete = (...words: string[]): string => run("bash", "-c", asked, "bash", "sluice", ...words);
  assert.equal(complete("conf"), "config");
  assert.equal(complete("config", ""), "export apply --dry-run --prune --yes --json --workspace-id");
  assert.equal(complete("config", "apply", "f", "--pr"), "--prune");
  assert.equal(complete("config", "apply", "file"), "");
  assert.equal(complete("completion", "z"), "zsh");
});

test("zsh completes what follows config", { skip: without("zsh") }, async () => {
  const script = await completionOf("zsh");
  // What the completion system of an interactive shell brings, in so far as the script uses it.
  const stand = 'compdef() { :; }; compadd() { shift; print -r -- "$@"; }';
  const asked = `${stand}\n${script}\nwords=(sluice "$@"); CURRENT=$(($# + 1)); _sluice`;
  const complete = (...words: string[]): string => run("zsh", "-fc", asked, "zsh", ...words);
  assert.equal(complete("config", ""), "export apply --dry-run --prune --yes --json --workspace-id");
  assert.match(complete("list-logs", "--status", ""), /^pending delivered failed/);
});

test("fish completes what follows config", { skip: without("fish") }, async () => {
  const script = await completionOf("fish");
  const complete = (line: string): string =>
    run("fish", "--no-config", "-c", `${script}\ncomplete -C '${line}'`);
  assert.match(complete("sluice conf"), /^config\t/);
  assert.match(complete("sluice config ex"), /^export/m);
  assert.match(complete("sluice config apply f --pr"), /^--prune\t/);
});
