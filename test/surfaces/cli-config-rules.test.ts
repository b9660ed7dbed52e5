// Rules of captured traffic in a document: made alike elsewhere, in their order, in environments that it makes as well.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openWorld, type World } from "../world.ts";
import { exported, operations, placeIn, type Place } from "./config-place.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

const place = (): Promise<Place> => placeIn(world);

const ruled = `
sluice: 1
environments:
  eu: {}
redactions:
  Licence plates: { category: plate, match: { pattern: '[A-Z]{2}-[0-9]{4}' }, environment: eu }
  Names: { category: name, match: { field: lastName } }
exclusions:
  Health: { selection: { path: /health/* } }
samplings:
  Searches: { selection: { path: /v1/search }, rate: 0.1 }
  All others: { selection: { path: /** }, rate: 0.5, keepErrors: false }
blocks:
  Bots: { selection: { userAgent: "*Bot*" }, message: No bots here., environment: eu }`;

/** Each call comes a moment after the one before. */
async function applied(at: Place, file: string): Promise<string> {
  const { exitCode, out, err } = await at.config(["apply", "f"], {
    file,
    through:
      (call) =>
      (...request) => {
        world.clock.advance(1);
        return call(...request);
      },
  });
  assert.equal(exitCode, 0, err);
  return out;
}

test("rules are made by a document, and a second apply does nothing", async () => {
  const at = await place();
  await applied(at, ruled);
  assert.match(await applied(at, ruled), /^Nothing to change: 7 records/m);
  const listed = operations.find(({ name }) => name === "list_samplings");
  assert.ok(listed);
  assert.partialDeepStrictEqual(await at.call(listed, {}), {
    samplings: [
      { name: "Searches", keepErrors: true, environment: null },
      { name: "All others", rate: 0.5 },
    ],
  });
});

test("an export makes another workspace the same, with what decides first in its place", async () => {
  const [from, to] = [await place(), await place()];
  await applied(from, ruled);
  const document = await exported(from);
  await applied(to, document);
  assert.equal(await exported(to), document);
  assert.ok(document.indexOf("Searches") < document.indexOf("All others"));
});

test("a rule that is changed or left out of the document is changed or, with --prune, removed", async () => {
  const at = await place();
  await applied(at, ruled);
  const file = ruled.replace("rate: 0.1", "rate: 0.2").replace(/ {2}Names: .*\n/, "");
  const { exitCode, out, err } = await at.config(["apply", "f", "--prune", "--yes"], {
    file: file.slice(0, file.indexOf("environments")) + file.slice(file.indexOf("redactions")),
  });
  assert.equal(exitCode, 0, err);
  assert.match(out, /changed samplings\/Searches/);
  assert.match(out, /removed redactions\/Names/);
});

test("a rule leaves its environment for all of them while the document removes that environment", async () => {
  const at = await place();
  await applied(
    at,
    "sluice: 1\nenvironments:\n  eu: {}\nexclusions:\n  Health: { selection: { path: /h }, environment: eu }",
  );
  const file = "sluice: 1\nenvironments:\n  production: {}\nexclusions:\n  Health: { environment: null }";
  const { exitCode, err } = await at.config(["apply", "f", "--prune", "--yes"], { file });
  assert.equal(exitCode, 0, err);
});

test("a rule that cannot be is refused with its place in the document", async () => {
  const at = await place();
  const file = ruled.replace("field: lastName", "field: '*'");
  const { exitCode, err } = await at.config(["apply", "f"], { file });
  assert.notEqual(exitCode, 0);
  assert.match(err, /line 7, column \d+: .*\n.*redactions\/Names\/match\/field/);
});

test("a rule moves into an environment that the same document makes", async () => {
  const at = await place();
  await applied(at, "sluice: 1\nexclusions:\n  Health: { selection: { path: /h } }");
  const file = "sluice: 1\nenvironments:\n  eu: {}\nexclusions:\n  Health: { environment: eu }";
  assert.match(await applied(at, file), /^ {4}environment: null -> "eu"$/m);
  assert.match(await applied(at, file), /^Nothing to change/m);
});
