// Alerts in a document: made alike elsewhere, where they are told of by an address that no document has.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createAlert } from "../../src/planes/traffic/alerts/operations/create-alert.ts";
import { listAlerts } from "../../src/planes/traffic/alerts/operations/list-alerts.ts";
import { openWorld, type World } from "../world.ts";
import { exported, placeIn, type Place } from "./config-place.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

const place = (): Promise<Place> => placeIn(world);

const address = "https://hooks.example.com/T0001/FAKEfakeFAKE";
const environment = { HOOK: address };

const watched = `
sluice: 1
environments:
  eu: {}
buckets:
  eu/shop: {}
alerts:
  Errors of the shop:
    watch: { kind: error_rate, above: 0.05 }
    environment: eu
    bucket: shop
    remindHours: null
    secrets: { targetUrl: "\${HOOK}" }
  Slow: { watch: { kind: response_time, aboveMs: 500 }, isActive: false, secrets: { targetUrl: "\${HOOK}" } }
  Lost: { watch: { kind: remainder }, secrets: { targetUrl: "\${HOOK}" } }`;

async function applied(at: Place, file: string, flags: readonly string[] = []): Promise<string> {
  const { exitCode, out, err } = await at.config(["apply", "f", ...flags], { file, environment });
  assert.equal(exitCode, 0, err);
  assert.ok(!out.includes("FAKEfakeFAKE"), out);
  return out;
}

async function refused(at: Place, file: string, given: Readonly<Record<string, string>>): Promise<string> {
  const print = world.fingerprint();
  const { exitCode, out, err } = await at.config(["apply", "f"], { file, environment: given });
  assert.equal(exitCode, 2, out);
  assert.equal(world.fingerprint(), print);
  return err;
}

test("a dry run shows alerts in full, in a bucket that the same document makes, and does nothing", async () => {
  const at = await place();
  const print = world.fingerprint();
  const out = await applied(at, watched, ["--dry-run"]);
  assert.equal(world.fingerprint(), print);
  const from = out.indexOf("+ alerts/Errors");
  assert.deepEqual(out.slice(from).split("\n").slice(0, 9), [
    "+ alerts/Errors of the shop",
    '    watch: {"kind":"error_rate","above":0.05}',
    '    environment: "eu"',
    '    bucket: "shop"',
    "    remindHours: null",
    '    secrets.targetUrl: "stored"',
    "+ alerts/Slow",
    '    watch: {"kind":"response_time","aboveMs":500}',
    "    isActive: false",
  ]);
});

test("alerts are made by a document, and a second apply does nothing", async () => {
  const at = await place();
  await applied(at, watched);
  const { alerts } = await at.call(listAlerts, {});
  const byName = new Map((alerts as { name: string }[]).map((it) => [it.name, it]));
  assert.equal(byName.size, 3);
  assert.partialDeepStrictEqual(Object.fromEntries(byName), {
    Lost: { windowMinutes: 1_440, remindHours: 24, isActive: true },
    Slow: { isActive: false, target: "https://hooks.example.com" },
    "Errors of the shop": { environment: "eu", bucket: "shop", remindHours: null },
  });
  const print = world.fingerprint();
  assert.match(await applied(at, watched), /^Nothing to change: 5 records/m);
  assert.equal(world.fingerprint(), print);
});

test("an export makes another workspace the same, once the environment has where to write to", async () => {
  const [from, to] = [await place(), await place()];
  await applied(from, watched);
  const document = await exported(from);
  assert.ok(!document.includes("hooks.example.com"), "an address is no part of it");
  assert.match(document, /^ {4}remindHours: null$/m);
  assert.ok(!/firing|firedAt|state:|figures|version|whsec/.test(document), "nor is how an alert stands");
  assert.match(await applied(from, document), /^Nothing to change/m);
  const elsewhere = document.replaceAll("targetUrl: stored", "targetUrl: ${HOOK}");
  await applied(to, elsewhere);
  assert.equal(await exported(to), document);
  assert.match(await applied(to, elsewhere), /^Nothing to change/m);
});

test("what differs is changed, and with --prune what is left out is removed before its bucket", async () => {
  const at = await place();
  await applied(at, watched);
  const file = `
sluice: 1
environments: { development: {}, staging: {}, production: {}, eu: {} }
buckets: { eu/default: {} }
alerts:
  Slow: { watch: { kind: response_time, aboveMs: 500 }, windowMinutes: 10, isActive: true }
  Lost: { remindHours: null }`;
  const dry = await applied(at, file, ["--prune", "--dry-run"]);
  for (const line of [
    "    windowMinutes: 5 -> 10",
    "    isActive: false -> true",
    "    remindHours: 24 -> null",
  ])
    assert.ok(dry.split("\n").includes(line), `${line}\nin\n${dry}`);
  const out = await applied(at, file, ["--prune", "--yes"]);
  const removed = out.split("\n").filter((line) => line.startsWith("removed "));
  assert.equal(removed[0], "removed alerts/Errors of the shop");
  assert.ok(removed.includes("removed buckets/eu/shop"), out);
});

test("an alert moves into an environment and a bucket that the same document makes", async () => {
  const at = await place();
  await at.call(createAlert, {
    name: "Slow",
    watch: { kind: "response_time", aboveMs: 1 },
    targetUrl: address,
  });
  const moved = "sluice: 1\nenvironments: { us: {} }\nbuckets: { us/crm: {} }\nalerts:\n";
  const file = `${moved}  Slow: { environment: us, bucket: crm }`;
  assert.match(
    await applied(at, file, ["--dry-run"]),
    /^ {4}environment: null -> "us"\n {4}bucket: null -> "crm"$/m,
  );
  await applied(at, file);
  assert.match(await applied(at, file), /^Nothing to change/m);
  const { alerts } = await at.call(listAlerts, {});
  assert.partialDeepStrictEqual(alerts, [{ name: "Slow", environment: "us", bucket: "crm" }]);
});

test("of an alert that moves into a bucket yet to be made nothing else is said to change", async () => {
  const at = await place();
  await applied(at, watched);
  const file = "sluice: 1\nbuckets: { eu/crm: {} }\nalerts:\n  Errors of the shop: { bucket: crm }";
  assert.deepEqual((await applied(at, file, ["--dry-run"])).split("\n").slice(1, 3), [
    "~ alerts/Errors of the shop",
    '    bucket: "shop" -> "crm"',
  ]);
  await applied(at, file);
  assert.match(await applied(at, file), /^Nothing to change/m);
});

test("an alert that names what the same document prunes is refused", async () => {
  const at = await place();
  await applied(at, watched);
  const file = "sluice: 1\nbuckets: {}\nalerts:\n  Errors of the shop: {}";
  const { exitCode, err } = await at.config(["apply", "f", "--prune", "--yes"], { file });
  assert.equal(exitCode, 2);
  assert.match(err, /alerts\/Errors of the shop names buckets\/eu\/shop, which --prune removes/);
});

test("an address is wanted where an alert is made, left alone where it is, and never taken from the document", async () => {
  const at = await place();
  const file = (secrets: string): string =>
    `sluice: 1\nalerts:\n  Slow:\n    watch: { kind: response_time, aboveMs: 500 }\n    ${secrets}`;
  const unsaid = await refused(at, file("windowMinutes: 5"), environment);
  assert.match(unsaid, /^error: line 4, column 5: It is made with its secret `targetUrl`/m);
  assert.match(unsaid, /^hint: Write \$\{NAME\}/m);
  const stored = await refused(at, file("secrets: { targetUrl: stored }"), environment);
  assert.match(stored, /^error: line 5, column 16: It is made with its secret `targetUrl`/m);
  const lacking = await refused(at, file('secrets: { targetUrl: "${HOOK}" }'), {});
  assert.match(lacking, /^error: line 5, column 16: The environment has no HOOK\.$/m);
  const inner = await refused(at, file('secrets: { targetUrl: "${HOOK}" }'), {
    HOOK: "http://10.0.0.1/FAKE",
  });
  assert.match(inner, /^error: line 5, column 16: This target is not allowed/m);
  for (const written of [`secrets: { targetUrl: "${address}" }`, `targetUrl: ${address}`]) {
    const shown = await refused(at, file(written), environment);
    assert.match(shown, /^error: line 5, column \d+: A secret does not stand in a document\.$/m);
    assert.ok(!shown.includes("FAKEfakeFAKE"));
  }
  await applied(at, file('secrets: { targetUrl: "${HOOK}" }'));
  const there = await refused(at, file(`secrets: { targetUrl: "${address}" }`), environment);
  assert.match(there, /^error: line 5, column 16: A secret does not stand in a document\.$/m);
  const other = await at.config(["apply", "f"], { file: file('secrets: { targetUrl: "${OTHER}" }') });
  assert.match(other.out, /^Nothing to change/m);
});

test("what an alert may not be is refused with its place in the document", async () => {
  const at = await place();
  const wrong = watched.replace("above: 0.05", "above: 5");
  const shown = await refused(at, wrong, environment);
  assert.match(shown, /^error: line 9, column 32: /m);
  assert.match(shown, /^field: \/alerts\/Errors of the shop\/watch\/above$/m);
  const command = watched.replace("isActive: false", "newSecret: true");
  assert.match(await refused(at, command, environment), /Unknown field "newSecret"/);
});
