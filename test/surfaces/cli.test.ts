import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { Failure, kinds } from "../../src/kernel/failure.ts";
import { planes } from "../../src/planes/planes.ts";
import { fieldsOf } from "../../src/registry/field.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { flagsOf } from "../../src/surfaces/cli/command-flags.ts";
import type { Call } from "../../src/surfaces/cli/call.ts";
import { runCli, type Cli } from "../../src/surfaces/cli/cli.ts";
import { connectionFlags } from "../../src/surfaces/cli/connection.ts";
import { restCalls } from "../surface-calls.ts";
import { openWorld, principalOf, type World } from "../world.ts";
import { createCrate, crateOperations } from "./crates.ts";

let world: World;
let workspace: string;
let rest: Call;

before(async () => {
  world = await openWorld();
  workspace = await world.newWorkspace();
  const reach = { it: createCrate, engines: world.engines, principal: principalOf(workspace, "all") };
  rest = restCalls(reach, crateOperations);
});
after(() => world.close());

type Ran = { readonly exitCode: number; readonly out: string; readonly err: string; readonly calls: number };

/** Runs a command line against the REST app; `with_` replaces parts of what the process provides. */
async function run(argv: readonly string[], with_: Partial<Cli> = {}): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  let calls = 0;
  const call = with_.call ?? rest;
  const exitCode = await runCli({
    argv,
    operations: crateOperations,
    builtins: [{ name: "serve", does: "Starts the server." }],
    version: "1.2.3",
    print: (text) => void out.push(text),
    printError: (text) => void err.push(text),
    readInput: (path) => Promise.reject(new Failure("not_found", `There is no file ${path}.`)),
    ...with_,
    call: (...asked) => {
      calls++;
      return call(...asked);
    },
  });
  return { exitCode, out: out.join("\n"), err: err.join("\n"), calls };
}

/** The id of a new crate. */
async function crate(label: string): Promise<string> {
  const { out, err } = await run(["create-crate", "--label", label, "--json"]);
  assert.equal(err, "");
  return (JSON.parse(out) as { id: string }).id;
}

test("flags of every form make the input", async () => {
  const { exitCode, out } = await run([
    "create-crate",
    "--label=flags=1",
    "--weight",
    "-0",
    "--fragile",
    "--tags",
    "a,b",
    "--tags=--c",
    "--codes",
    "1",
    "--note",
    "null",
    "--contents",
    '{"a":[1]}',
    "--json",
  ]);
  assert.equal(exitCode, 0);
  assert.partialDeepStrictEqual(JSON.parse(out), {
    label: "flags=1",
    fragile: true,
    tags: ["a,b", "--c"],
    codes: [1],
    note: null,
    untrusted: { a: [1] },
  });
});

test("a switch is turned off by --no- and takes true and false after an equals sign", async () => {
  for (const [flag, value] of [
    ["--no-fragile", false],
    ["--fragile=false", false],
    ["--fragile=true", true],
    ["--fragile", true],
  ] as const) {
    const { out } = await run(["list-crates", flag, "--json"]);
    assert.equal((JSON.parse(out) as { asked: { fragile: boolean } }).asked.fragile, value, flag);
  }
});

test("words after the command are the parts of its path", async () => {
  const id = await crate("by word");
  const { exitCode, out } = await run(["get-crate", id]);
  assert.equal(exitCode, 0);
  assert.match(out, /^label: by word$/m);
  const extra = await run(["get-crate", id, "more"]);
  assert.deepEqual([extra.exitCode, extra.calls], [2, 0]);
  assert.match(extra.err, /"more" is one argument too many/);
});

test("a part of the path that is missing or cannot be sent is refused before anything is sent", async () => {
  for (const args of [[], [""], ["."], [".."]]) {
    const { exitCode, err, calls } = await run(["get-crate", ...args]);
    assert.deepEqual([exitCode, calls], [2, 0]);
    assert.match(err, /^field: \/crateId$/m);
  }
});

test("the whole input comes from a file, standard input or inline, and flags win over it", async () => {
  const files: Record<string, string> = {
    "in.json": '{"label":"from file","weight":7}',
    "-": '{"label":"piped"}',
  };
  const readInput = async (path: string) => files[path] ?? assert.fail(path);
  const file = await run(["create-crate", "--input", "in.json", "--label", "from flag", "--json"], {
    readInput,
  });
  assert.partialDeepStrictEqual(JSON.parse(file.out), { label: "from flag", weight: 7 });
  const piped = await run(["create-crate", "--input", "-", "--json"], { readInput });
  assert.partialDeepStrictEqual(JSON.parse(piped.out), { label: "piped" });
  const inline = await run(["call", "create_crate", "--input", ' {"label":"inline"}', "--json"]);
  assert.partialDeepStrictEqual(JSON.parse(inline.out), { label: "inline" });
  const broken = await run(["create-crate", "--input", '{"label"}']);
  assert.deepEqual([broken.exitCode, broken.calls], [2, 0]);
  assert.match(broken.err, /Malformed JSON at line 1, column 9/);
  const missing = await run(["create-crate", "--input", "nowhere.json"]);
  assert.deepEqual([missing.exitCode, missing.calls], [4, 0]);
});

test("what is nested too deep to be written as JSON is refused before anything is sent", async () => {
  const deep = '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000);
  const { exitCode, err, calls } = await run(
    ["create-crate", "--label", "x", "--contents-file", "deep.json"],
    {
      readInput: async () => deep,
    },
  );
  assert.deepEqual([exitCode, calls], [2, 0]);
  assert.match(err, /Nested more than 64 levels deep/);
  assert.match(err, /^field: \/contents\/a\/a/m);
});

test("a value is read from a file, and a secret loses the line break an editor leaves", async () => {
  const files: Record<string, string> = { "note.txt": "two\nlines\n", "seal.txt": "fake-seal\r\n" };
  const sent: unknown[] = [];
  const call: Call = async (_method, _path, body) => {
    sent.push(body);
    return { status: 200, json: {} };
  };
  const readInput = async (path: string) => files[path] ?? assert.fail(path);
  await run(["create-crate", "--label", "x", "--note-file", "note.txt", "--seal-file=seal.txt"], {
    readInput,
    call,
  });
  assert.deepEqual(sent, [{ label: "x", note: "two\nlines\n", seal: "fake-seal" }]);
  const both = await run(["create-crate", "--label", "x", "--note", "n", "--note-file", "note.txt"], {
    readInput,
  });
  assert.deepEqual([both.exitCode, both.calls], [2, 0]);
});

test("mistakes in flags are found before anything is sent, and the likely one is named", async () => {
  const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [["--lable", "x"], /no flag --lable[^]*Did you mean --label/],
    [["--label"], /--label needs a value/],
    [["--label", "--fragile"], /--label needs a value/],
    [["--json=x"], /--json takes no value/],
    [["--no-fragile=true"], /--no-fragile takes no value/],
    [["--label", "a", "--label", "b"], /takes one value and was given 2/],
    [["--input", "{}", "--input", "{}"], /--input is given twice/],
    [["--contents", "{x"], /Malformed JSON/],
    [["--limit", "1"], /no flag --limit[^]*create-crate --help/],
  ];
  for (const [args, says] of cases) {
    const { exitCode, err, calls } = await run(["create-crate", ...args]);
    assert.deepEqual([exitCode, calls], [2, 0], args.join(" "));
    assert.match(err, says);
  }
});

test("an unknown command is refused with the one likely meant", async () => {
  const { exitCode, err } = await run(["create-crat"]);
  assert.equal(exitCode, 2);
  assert.equal(err, 'error: There is no command "create-crat".\nhint: Did you mean `sluice create-crate`?');
  assert.match((await run(["serv"])).err, /sluice serve/);
  assert.match((await run(["gibberish"])).err, /sluice help/);
});

test("what removes something wants --yes or --dry-run", async () => {
  const id = await crate("precious");
  const refused = await run(["delete-crate", id]);
  assert.deepEqual([refused.exitCode, refused.calls], [2, 0]);
  assert.match(refused.err, /--dry-run[^]*--yes/);
  assert.equal((await run(["delete-crate", id, "--dry-run"])).exitCode, 0);
  assert.equal((await run(["get-crate", id])).exitCode, 0, "the dry run removed nothing");
  assert.equal((await run(["delete-crate", id, "--no-dry-run"])).exitCode, 2);
  assert.equal((await run(["delete-crate", id, "--yes"])).exitCode, 0);
  assert.equal((await run(["get-crate", id])).exitCode, 4);
});

test("failures of every kind have their exit code and say what to do on standard error alone", async () => {
  for (const [code, { status, exitCode }] of Object.entries(kinds)) {
    const problem = { code, detail: "It did not work.", hint: "Try another way.", requestId: "req_1" };
    const ran = await run(["count-crates"], { call: async () => ({ status, json: problem }) });
    assert.deepEqual([ran.exitCode, ran.out], [exitCode, ""], code);
    assert.equal(ran.err, "error: It did not work.\nhint: Try another way.\nrequest: req_1");
  }
  const bug = await run(["drop-crate"]);
  assert.equal(bug.exitCode, 1);
  assert.match(bug.err, /^request: req_/m);
});

test("every problem the server found is printed, with what is allowed", async () => {
  const { err } = await run(["create-crate", "--label", "x", "--weight", "-1", "--lining", "wool"]);
  assert.match(err, /^field: \/weight$/m);
  assert.match(err, /^also: \/lining /m);
  const { err: one } = await run(["create-crate", "--label", "x", "--lining", "wool"]);
  assert.match(one, /^allowed: straw, foam$/m);
});

test("an answer that is none of the API is told as such", async () => {
  const gateway = await run(["count-crates"], { call: async () => ({ status: 502, json: undefined }) });
  assert.equal(gateway.exitCode, 7);
  const page = await run(["count-crates"], { call: async () => ({ status: 200, json: undefined }) });
  assert.equal(page.exitCode, 1);
  assert.match(page.err, /--url/);
});

test("a server that is not there is told, and a bug of the command line shows its stack", async () => {
  const gone = await run(["count-crates"], {
    call: () => Promise.reject(new Failure("unavailable", "Nothing answers there.")),
  });
  assert.deepEqual([gone.exitCode, gone.err], [7, "error: Nothing answers there."]);
  const bug = await run(["count-crates"], { call: () => Promise.reject(new TypeError("oops")) });
  assert.equal(bug.exitCode, 1);
  assert.match(bug.err, /^bug: TypeError: oops\n\s+at /);
});

test("with --json a failure is JSON too, on standard error", async () => {
  const { exitCode, out, err } = await run(["get-crate", "cr_none", "--json"]);
  assert.deepEqual([exitCode, out], [4, ""]);
  assert.partialDeepStrictEqual(JSON.parse(err), { code: "not_found", pointer: "/crateId" });
  const local = await run(["delete-crate", "x", "--json"]);
  assert.partialDeepStrictEqual(JSON.parse(local.err), { code: "invalid" });
});

test("an idempotency key is passed on", async () => {
  const args = ["create-crate", "--label", "just once", "--idempotency-key", "key-cli", "--json"];
  const first = await run(args);
  const again = await run(args);
  assert.equal(first.exitCode, 0);
  assert.equal(again.out, first.out);
});

function printed(json: object, ...flags: string[]): Promise<Ran> {
  return run(["count-crates", ...flags], { call: async () => ({ status: 200, json }) });
}

test("an answer is printed for people: lines, tables, blocks, and nothing is cut", async () => {
  const long = "x".repeat(300);
  const { out } = await printed({
    name: "orders",
    note: null,
    tags: ["a", "b"],
    none: [],
    plan: { name: "free", limits: { endpoints: 5 } },
    rows: [
      { id: "ep_1", ok: true },
      { id: "ep_22", error: { code: "dns" } },
    ],
    wide: [{ body: long, at: 1 }],
    text: "two\nlines",
    nextCursor: "abc",
  });
  assert.equal(
    out,
    [
      "name: orders",
      "note: -",
      "tags: a, b",
      "none: (none)",
      "plan:",
      "  name: free",
      "  limits:",
      "    endpoints: 5",
      "rows:",
      "  id     ok    error",
      "  ep_1   true",
      '  ep_22        {"code":"dns"}',
      "wide:",
      `  - body: ${long}`,
      "    at: 1",
      "text:",
      "  two",
      "  lines",
      "nextCursor: abc",
    ].join("\n"),
  );
});

const controls = /[\p{Cc}\p{Bidi_Control}]/u;

test("captured text cannot command the terminal", async () => {
  const evil = "\u001b[2J\u009b31m\u0007\u202edrowssap\r";
  const { out } = await printed({ untrusted: evil, rows: [{ [evil]: evil }] });
  assert.doesNotMatch(out.replaceAll("\n", ""), controls);
  assert.match(out, /\\u001b\[2J\\u009b31m\\u0007\\u202edrowssap\\u000d/);
  const { out: json } = await printed({ untrusted: evil }, "--json");
  assert.doesNotMatch(json.replaceAll("\n", ""), controls);
  assert.deepEqual(JSON.parse(json), { untrusted: evil });
});

test("help lists the commands that are built in and every operation", async () => {
  for (const argv of [[], ["help"], ["--help"], ["-h"]]) {
    const { exitCode, out } = await run(argv);
    assert.equal(exitCode, 0);
    for (const name of ["serve", "help", "call", "completion", "create-crate", "--url", "--key"])
      assert.ok(out.includes(`  ${name}`), name);
  }
  assert.equal((await run(["--version"])).out, "1.2.3");
});

test("the help of a command tells types, bounds, defaults and what is allowed and required", async () => {
  const { out } = await run(["create-crate", "--help"]);
  assert.equal((await run(["help", "create-crate"])).out, out);
  for (const line of [
    /^Usage: sluice create-crate \[flags\]$/m,
    /^Needs the scope crates:write; changes something\.$/m,
    /^ {2}--label <text> +What is written on it; unique\. \(required; 1 to 40 characters\)$/m,
    /^ {2}--weight <number> +Kilograms\. \(0 to 1000; default 1\)$/m,
    /^ {2}--\[no-\]fragile +\(default false\)$/m,
    /^ {2}--tags <text> +\(at most 5 items; repeat for several; default \[\]\)$/m,
    /^ {2}--lining <text> +\(one of straw, foam, null; default null\)$/m,
    /^ {2}--seal <text> .*secret: prefer --seal-file/m,
    /^ {2}--\[no-\]dry-run /m,
  ])
    assert.match(out, line);
  const remove = await run(["delete-crate", "-h"]);
  assert.match(remove.out, /^Usage: sluice delete-crate <crateId> \[flags\]$/m);
  assert.match(remove.out, /needs --yes/);
});

test("the address and the key are taken out wherever they stand", () => {
  const settings = { url: "http://default", key: "mk_default" };
  const taken = (...argv: string[]) => connectionFlags(argv, settings, crateOperations);
  assert.deepEqual(taken("list-crates", "--limit", "1"), {
    ...settings,
    rest: ["list-crates", "--limit", "1"],
  });
  assert.deepEqual(taken("--url", "http://a", "list-crates", "--key=mk_fake"), {
    url: "http://a",
    key: "mk_fake",
    rest: ["list-crates"],
  });
  assert.throws(() => taken("list-crates", "--url"), /--url needs a value/);
  assert.throws(() => taken("--key", "--json"), /--key needs a value/);
});

test("after a command that has a field of that name the flag is the field's", () => {
  const call = { ...createCrate, name: "call_url", input: z.object({ url: z.url() }) };
  const taken = connectionFlags(
    ["--url", "http://a", "call-url", "--url", "http://b"],
    { url: "", key: null },
    [call],
  );
  assert.deepEqual(taken, { url: "http://a", key: null, rest: ["call-url", "--url", "http://b"] });
});

test("every field of the product's operations has a flag of its own", () => {
  for (const it of planes.flatMap((plane): readonly Operation[] => plane.operations)) {
    const flagged = [...flagsOf(it).values()].flatMap(({ of }) =>
      of.kind === "text" ? [of.field.name] : [],
    );
    assert.deepEqual(new Set(flagged), new Set(fieldsOf(it).map(({ name }) => name)), it.name);
  }
});

test("bash completes commands, flags and the values of enumerations", async () => {
  const { out: script } = await run(["completion", "bash"]);
  const complete = (...words: string[]): string =>
    execFileSync(
      "bash",
      [
        "-c",
        `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; echo "\${COMPREPLY[*]}"`,
        "bash",
        ...words,
      ],
      { encoding: "utf8" },
    ).trim();
  assert.equal(complete("sluice", "creat"), "create-crate");
  assert.equal(complete("sluice", "create-crate", "--la"), "--label");
  assert.equal(complete("sluice", "create-crate", "--lining", ""), "straw foam null");
  assert.equal(complete("sluice", "help", "se"), "");
});

const crateCommand = {
  name: "crate",
  does: "Lists and creates.",
  shortFor: [
    { words: ["list"], operation: "list_crates" },
    { words: ["create", "now"], operation: "create_crate" },
    { words: ["create", "now", "again"], operation: "get_crate" },
  ],
};

test("words that are short for an operation run it with its flags, and say which they are", async () => {
  const builtins = [crateCommand];
  const made = await run(["crate", "create", "now", "--label", "short", "--json"], { builtins });
  assert.equal(made.exitCode, 0, made.err);
  const { id } = JSON.parse(made.out) as { id: string };
  const got = await run(["crate", "create", "now", "again", id], { builtins });
  assert.match(got.out, /^label: short$/m);
  assert.match((await run(["crate", "list", "--help"], { builtins })).out, /^Usage: sluice list-crates /);
  const help = await run(["help", "crate"], { builtins });
  assert.match(help.out, /^ {2}crate create now +create-crate$/m);
  const other = await run(["crate", "create", "later"], { builtins });
  assert.deepEqual([other.exitCode, other.calls], [2, 0]);
  assert.match(other.err, /^error: "create later" means nothing after crate\.$/m);
  assert.match(other.err, /^allowed: list, create now, create now again$/m);
});

test("what is short for operations completes its words and their flags", async () => {
  const { out } = await run(["completion", "zsh"], { builtins: [crateCommand] });
  assert.match(out, /^ +"crate"\) choices="list create now again --[^"]*--label[^"]*" ;;$/m);
  assert.match(out, /"crate --lining"\) choices="straw foam null" ;;/);
});

test("zsh and fish have scripts of their own, another shell is refused", async () => {
  const zsh = await run(["completion", "zsh"]);
  assert.match(zsh.out, /^#compdef sluice\n/);
  assert.match(zsh.out, /"create-crate --lining"\) choices="straw foam null" ;;/);
  const fish = await run(["completion", "fish"]);
  assert.match(
    fish.out,
    /^complete -c sluice -f -n __fish_use_subcommand -a create-crate -d 'Create a crate'$/m,
  );
  assert.match(fish.out, /-l lining -d '' -r -f -a 'straw foam null'$/m);
  const other = await run(["completion", "tcsh"]);
  assert.equal(other.exitCode, 2);
  assert.match(other.err, /^allowed: bash, zsh, fish$/m);
});

const text = fc.string({ unit: "grapheme", maxLength: 40 });

test("whatever is given as flags arrives as it was given", async () => {
  const asked = fc.record(
    {
      limit: fc.integer({ min: 1, max: 50 }),
      labels: fc.array(text, { maxLength: 10 }),
      weights: fc.array(
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((it) => it + 0),
        { maxLength: 10 },
      ),
      fragile: fc.boolean(),
      order: fc.constantFrom("newest", "oldest"),
      near: fc.record({ x: fc.integer(), y: fc.integer() }, { noNullPrototype: true }),
    },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(asked, async (input) => {
      const { labels, weights, ...single } = input;
      const argv = [
        ...Object.entries(single).map(
          ([name, value]) => `--${name}=${typeof value === "object" ? JSON.stringify(value) : value}`,
        ),
        ...listFlags("labels", labels),
        ...listFlags("weights", weights),
      ];
      const { out, err } = await run(["list-crates", ...argv, "--json"]);
      assert.equal(err, "");
      assert.deepEqual((JSON.parse(out) as { asked: object }).asked, input);
    }),
    { numRuns: 200 },
  );
});

/** One item that looks like JSON is given as JSON, as help says of lists. */
function listFlags(name: string, items: readonly (string | number)[]): readonly string[] {
  return items.length > 1 ? items.map((item) => `--${name}=${item}`) : [`--${name}=${JSON.stringify(items)}`];
}

test("no command line makes a bug", async () => {
  const word = fc.oneof(
    fc.constantFrom(
      "create-crate",
      "list-crates",
      "get-crate",
      "call",
      "help",
      "--label",
      "--limit=1",
      "--",
      "-h",
      "--json",
    ),
    fc.constantFrom(
      "--near={",
      "--input",
      "--input={}",
      "--no-fragile",
      "--labels-file",
      "completion",
      "--=",
      "---",
      "-",
    ),
    text,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
      const { exitCode, err } = await run(argv);
      assert.notEqual(exitCode, 1, err);
    }),
    { numRuns: 500 },
  );
});
