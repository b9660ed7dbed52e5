// An archive that is larger than a call may be: the command line sends it in parts, which come to what one call would.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Failure } from "../../src/kernel/failure.ts";
import { getMetrics } from "../../src/planes/traffic/operations/get-metrics.ts";
import { importHar } from "../../src/planes/traffic/operations/import-har.ts";
import { planes } from "../../src/planes/planes.ts";
import { invoke, type Output } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import type { Call } from "../../src/surfaces/cli/call.ts";
import { runCli } from "../../src/surfaces/cli/cli.ts";
import { largeArchive } from "../large-archive.ts";
import { restCalls } from "../surface-calls.ts";
import { callerOf, openWorld, principalOf, type World } from "../world.ts";

const bodyBytesMax = 4 * 1024 * 1024;

let world: World;
let archive: ReturnType<typeof largeArchive>;
before(async () => {
  world = await openWorld();
  archive = largeArchive(world.clock.now());
});
after(() => world.close());

type Sent = { readonly bytes: number; readonly key: string | undefined };
type Told = { readonly done: number; readonly total: number };
type Ran = {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly sent: readonly Sent[];
  readonly told: readonly Told[];
};
type Given = {
  readonly file: string;
  readonly args?: readonly string[];
  readonly through?: (call: Call) => Call;
};
type Place = {
  readonly run: (given: Given) => Promise<Ran>;
  readonly call: (it: Operation, input: object) => Promise<Output>;
};

async function place(): Promise<Place> {
  const { engines } = world;
  const principal = principalOf(await world.newWorkspace(), "all");
  const call = restCalls({ it: importHar, engines, principal });
  return {
    call: (it, input) => invoke(it, input, callerOf(principal), engines),
    async run({ file, args = [], through = (it: Call) => it }) {
      const out: string[] = [];
      const err: string[] = [];
      const sent: Sent[] = [];
      const told: Told[] = [];
      const watched: Call = (method, path, body, headers) => {
        sent.push({ bytes: Buffer.byteLength(JSON.stringify(body)), key: headers?.["idempotency-key"] });
        return call(method, path, body, headers);
      };
      const code = await runCli({
        argv: ["import-har", "--har-file", "shop.har", "--json", ...args],
        operations: [importHar],
        builtins: [],
        version: "0.0.0",
        call: through(watched),
        print: (line) => void out.push(line),
        printError: (line) => void err.push(line),
        readInput: async () => file,
        terminal: {
          colour: false,
          confirm: null,
          progress: { tell: (done, total) => void told.push({ done, total }), clear: () => {} },
          environment: () => undefined,
        },
      });
      return { code, out: out.join("\n"), err: err.join("\n"), sent, told };
    },
  };
}

function outcomeOf({ code, out, err }: Ran): Output {
  assert.equal(code, 0, err);
  return JSON.parse(out) as Output;
}

const requests = async (at: Place): Promise<unknown> =>
  (await at.call(getMetrics, { environment: "production" }))["requests"];

test("20 MiB are stored as one call would store them, down to the ids", async () => {
  const at = await place();
  assert.ok(Buffer.byteLength(archive.text) > 18 * 1024 * 1024);
  const dry = await at.run({ file: archive.text, args: ["--dry-run"] });
  const { dryRun, ...planned } = outcomeOf(dry);
  assert.equal(dryRun, true);
  const ran = await at.run({ file: archive.text });
  const done = outcomeOf(ran);
  assert.deepEqual(done, planned, "a dry run says what will be");
  assert.ok(ran.sent.length > 1);
  for (const { bytes } of ran.sent) assert.ok(bytes <= bodyBytesMax, String(bytes));
  assert.deepEqual(
    [done["stored"], done["alreadyThere"], done["refusedInAll"]],
    [archive.entries - archive.refused, 0, archive.refused],
  );
  const whole = await at.call(importHar, { har: archive.text });
  assert.deepEqual(whole, { ...done, stored: 0, alreadyThere: done["stored"] });
  const again = outcomeOf(await at.run({ file: archive.text }));
  assert.deepEqual(again, whole);
});

test("what one call stored is the same as what parts store", async () => {
  const [one, other] = [await place(), await place()];
  await one.call(importHar, { har: archive.text });
  await other.run({ file: archive.text });
  const all = { environment: "production" };
  assert.deepEqual(await other.call(getMetrics, all), await one.call(getMetrics, all));
});

test("how far it is, is told", async () => {
  const { told, sent } = await (await place()).run({ file: archive.text });
  assert.equal(told.length, sent.length);
  assert.ok(told.every(({ total }) => total === archive.entries));
  assert.deepEqual(
    told.map(({ done }) => done),
    told.map(({ done }) => done).toSorted((a, b) => a - b),
  );
  assert.ok((told.at(-1)?.done ?? 0) > archive.entries / 2);
});

for (const [name, isDone] of [
  ["before a part was taken", false],
  ["after a part was taken, which nobody heard of", true],
] as const)
  test(`interrupted ${name}, it says how far it came, and run again counts nothing twice`, async () => {
    const at = await place();
    const rule = planes
      .flatMap((plane) => plane.operations)
      .find(({ name: it }): boolean => it === "create_exclusion");
    assert.ok(rule);
    await at.call(rule, { name: "Images", selection: { path: "/items/100*" } });
    let calls = 0;
    const cut = await at.run({
      file: archive.text,
      through:
        (call) =>
        async (...request) => {
          if (++calls !== 2) return call(...request);
          if (isDone) await call(...request);
          throw new Failure("unavailable", "Nothing answers there.");
        },
    });
    assert.equal(cut.code, 7);
    assert.match(cut.err, /"detail": "Nothing answers there\."/);
    assert.match(cut.err, /1 of \d+ parts are done; the same command does the rest\./);
    const rest = outcomeOf(await at.run({ file: archive.text }));
    assert.ok(Number(rest["alreadyThere"]) > 0 && Number(rest["stored"]) > 0, JSON.stringify(rest));
    const usable = archive.entries - archive.refused;
    assert.equal(await requests(at), usable);
    const nothing = outcomeOf(await at.run({ file: archive.text }));
    assert.equal(nothing["stored"], 0);
    assert.equal(await requests(at), usable);
  });

test("a server that limits calls is waited for", async () => {
  const at = await place();
  let calls = 0;
  const ran = await at.run({
    file: archive.text,
    through:
      (call) =>
      async (...request) =>
        ++calls === 2
          ? { status: 429, json: { code: "limited", detail: "Too many calls.", retryAfterMs: 1 } }
          : call(...request),
  });
  assert.equal(outcomeOf(ran)["stored"], archive.entries - archive.refused);
});

test("parts of a call with an idempotency key have keys of their own", async () => {
  const at = await place();
  const { sent } = await at.run({ file: archive.text, args: ["--idempotency-key", "k"] });
  assert.deepEqual(
    sent.map(({ key }) => key),
    sent.map((_, i) => `k/${i + 1}`),
  );
  const small = JSON.stringify({ log: { entries: [] } });
  assert.deepEqual(
    (await at.run({ file: small, args: ["--idempotency-key", "j"] })).sent.map(({ key }) => key),
    ["j"],
  );
});

const broken: readonly (readonly [what: string, file: () => string, says: RegExp])[] = [
  ["a file that ends too early", () => archive.text.slice(0, -20), /Malformed JSON at line \d+/],
  [
    "JSON that is no archive",
    () => `{"log":{"entries":7,"x":"${"x".repeat(bodyBytesMax)}"}}`,
    /This is no HTTP archive/,
  ],
  [
    "more entries than are taken",
    () => `{"log":{"entries":[${"0,".repeat(100_000)}0]}}`,
    /at most 100000 entries; this has 100001/,
  ],
];

for (const [what, file, says] of broken)
  test(`${what} is refused before anything is sent`, async () => {
    const { code, err, sent } = await (await place()).run({ file: file() });
    assert.notEqual(code, 0);
    assert.match(err, says);
    assert.deepEqual(sent, []);
  });

test("what is no archive and small is left to the server, what is nested without end is not sent", async () => {
  const at = await place();
  const small = await at.run({ file: '{"log":{}}' });
  assert.deepEqual([small.code, small.sent.length], [2, 1]);
  const nested = await at.run({ file: `{"log":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}` });
  assert.deepEqual([nested.code, nested.sent.length], [2, 0]);
  assert.match(nested.err, /Nested more than 64 levels deep/);
});

test("what nobody reads may be nested as far as JSON is", async () => {
  const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const file = archive.text.replace('"pages": []', `"pages": ${nested}`);
  assert.equal(outcomeOf(await (await place()).run({ file }))["stored"], archive.entries - archive.refused);
});
