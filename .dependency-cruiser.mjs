// Who may import whom. The layers are folders, so every rule is a pattern on paths; ARCHITECTURE.md draws the arrows.
// The convention that keeps the patterns short: the interface of an engine is src/engines/<noun>/<noun>.ts.

import manifest from "./package.json" with { type: "json" };

// Tests, and the conformance suites that engines bring: conformance.ts, with its parts beside it or in a folder of the name.
const suites = "[.]test[.]ts$|/conformance/|[/-](conformance|promises)[.]ts$";

/** Where the product starts: its main file and its threads. */
const entries = "^src/main[.]ts$|[.]worker[.]ts$";

/** Files that match `from` import nothing else of src than what matches `allowed`. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: from, pathNot: suites },
  to: { path: "^src/", pathNot: allowed },
});

/** Only files that match `where` import `modules`; names of types may be imported anywhere. */
const confined = (name, modules, where, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: "^src/", pathNot: [where, suites] },
  to: { path: modules, dependencyTypesNot: ["type-only"] },
});

const layers = [
  {
    name: "capture-imports-nothing",
    comment:
      "What both ends of capture share runs in foreign processes: it may use node:crypto and node:zlib, and nothing else.",
    severity: "error",
    from: { path: "^capture/", pathNot: suites },
    to: { path: ".", pathNot: "^capture/|^(node:)?(crypto|zlib)$" },
  },
  only(
    "kernel-imports-nothing",
    "^src/kernel/",
    "^src/kernel/",
    "The kernel is the vocabulary. What needs a mechanism is no word.",
  ),
  {
    name: "kernel-imports-nothing",
    comment: "Of packages the kernel sees zod alone.",
    severity: "error",
    from: { path: "^src/kernel/", pathNot: suites },
    to: { path: "node_modules/", pathNot: "node_modules/zod/" },
  },
  only(
    "engine-knows-kernel-only",
    "^src/engines/([^/]+)/",
    "^src/(kernel|engines/($1|sqlite|postgres|stored))/",
    "Engines know nothing of planes, surfaces or each other; src/engines/sqlite, postgres and stored are what databases share.",
  ),
  only(
    "engine-list-sees-engines",
    "^src/engines/[^/]+[.]ts$",
    "^src/(kernel|engines)/",
    "The list of databases names engines and nothing above them.",
  ),
  only(
    "registry-sees-interfaces",
    "^src/registry/",
    "^src/(kernel|registry)/|^src/engines/([^/]+)/\\2[.]ts$",
    "The registry names what an engine promises, never how one is made.",
  ),
  only(
    "planes-do-not-meet",
    "^src/planes/([^/]+)/",
    "^src/(kernel|registry|planes/$1)/|^src/engines/([^/]+)/\\2[.]ts$",
    "Planes meet in the ledger and the queue, never by import, and see the interfaces of engines only.",
  ),
  only(
    "plane-list-sees-planes",
    "^src/planes/[^/]+[.]ts$",
    "^src/(kernel|registry)/|^src/planes/[^/]+/plane[.]ts$",
    "The list of planes names each plane's declaration.",
  ),
  only(
    "surfaces-see-registry",
    "^src/surfaces/([^/]+)(/|[.]ts$)",
    "^src/(kernel|registry|surfaces/$1)/|^src/engines/inbound/inbound[.]ts$",
    "A surface that imports a plane is written by hand. Surfaces are generated from operations and answer on inbound.",
  ),
  only(
    "commands-do-not-see-surfaces",
    "^src/commands/",
    "^src/(kernel|registry|engines|planes|commands)/",
    "A command works on the data folder and through a client that is handed to it; how it is said is up to main.",
  ),
  {
    name: "commands-are-for-main",
    comment: "What an operator does by hand is no part of the server.",
    severity: "error",
    from: { path: "^src/", pathNot: ["^src/(commands/|main[.]ts$)", suites] },
    to: { path: "^src/commands/" },
  },
  only(
    "config-sees-engines",
    "^src/config[.]ts$",
    "^src/(kernel|engines)/",
    "A setting is read by who knows its form, before anything is built.",
  ),
];

const capabilities = [
  confined(
    "client-sockets-only-in-outbound",
    "^(node:)?(dns|dgram)(/|$)|node_modules/undici/",
    "^src/engines/outbound/",
    "Outbound is the only way out: it carries the guard against private addresses, the caps and the deadlines.",
  ),
  confined(
    "server-sockets-only-in-inbound",
    "^(node:)?(http|https|http2)$|node_modules/@hono/node-server/",
    "^src/engines/inbound/",
    "Inbound is the only way in: it carries the limits on connections, headers and bodies.",
  ),
  confined(
    "sockets-only-in-inbound-and-outbound",
    "^(node:)?(net|tls|inspector)(/|$)",
    "^src/engines/(inbound/|outbound/|postgres/sockets[.]ts$)",
    "Sockets of either direction pass one of the two doors, but for those that PostgreSQL's driver connects.",
  ),
  confined(
    "database-connections-only-in-postgres",
    "node_modules/(pg|pg-copy-streams)/",
    "^src/engines/postgres/",
    "Connections to the database an operator named are pooled, bounded and told apart from other ways out in one place.",
  ),
  confined(
    "files-only-in-engines",
    "^(node:)?(fs|sqlite)(/|$)",
    "^src/(engines/|main[.]ts$|config[.]ts$)",
    "State is kept by engines.",
  ),
  confined(
    "workers-only-in-engines-that-need-them",
    "^(node:)?worker_threads$",
    "^src/engines/(sqlite|traffic|ledger|sandbox)/",
    "A thread is a mechanism of these engines.",
  ),
  confined(
    "code-only-in-sandbox",
    "^(node:)?(vm|child_process|cluster|module)$",
    "^src/engines/(sandbox|browser)/",
    "Foreign code and other processes run under limits or not at all; a person's browser is opened in one place.",
  ),
];

/** What a program that captures its traffic loads: each is an entry of the package. */
const sdkEntries = "^sdk/src/(capture|register|koa|hono|next)[.]ts$|^sdk/src/.*[.]worker[.]ts$";

const sdk = [
  {
    name: "sdk-sees-capture-only",
    comment: "It runs inside of other people's programs: what both ends share lies in capture/.",
    severity: "error",
    from: { path: "^sdk/src/" },
    to: { path: "^(src|test|bench|demo|sdk/test)/" },
  },
  {
    name: "sdk-has-no-dependencies",
    comment: "Whoever installs it installs nothing else.",
    severity: "error",
    from: { path: "^sdk/src/" },
    to: { path: "node_modules/" },
  },
  {
    name: "sdk-has-one-way-out",
    comment: "What leaves the process leaves by one file; names of types may be imported anywhere.",
    severity: "error",
    // blocking and hono know the classes of a server's messages.
    from: { path: "^sdk/src/", pathNot: "^sdk/src/(call|blocking|hono)[.]ts$" },
    to: {
      path: "^(node:)?(http|https|http2|net|tls|dns|dgram|child_process)(/|$)",
      dependencyTypesNot: ["type-only"],
    },
  },
  {
    name: "sdk-is-not-of-the-product",
    comment: "The server and what both ends share know nothing of the agent.",
    severity: "error",
    from: { path: "^(src|capture)/" },
    to: { path: "^sdk/" },
  },
];

const hygiene = [
  {
    name: "not-reachable-from-main",
    comment: "Written but not listed: an operation, provider or surface that nobody can reach.",
    severity: "error",
    from: { path: entries },
    to: { path: "^src/", pathNot: [suites, entries, "^src/engines/"], reachable: false },
  },
  {
    name: "not-reachable-from-main",
    comment: "As above; what an engine's conformance suite is made of is reached from the suite.",
    severity: "error",
    from: { path: `${entries}|^src/engines/[^/]+/conformance[.]ts$` },
    to: { path: "^src/engines/", pathNot: [suites, entries], reachable: false },
  },
  {
    name: "not-reachable-from-main",
    comment: "As above; what the SDK is made of is reached from its entries.",
    severity: "error",
    from: { path: sdkEntries },
    to: { path: "^sdk/src/", pathNot: sdkEntries, reachable: false },
  },
  {
    name: "no-orphan",
    comment: "Imports nothing and is imported by nothing.",
    severity: "error",
    from: { orphan: true, pathNot: "[.]d[.]ts$|[.]worker[.]ts$|^src/main[.]ts$" },
    to: {},
  },
  { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
  {
    name: "no-unresolvable",
    comment: "An import that is not resolved is one that no rule can judge.",
    severity: "error",
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: "no-junk-drawer",
    comment: "Name the file after the noun it holds.",
    severity: "error",
    from: {},
    to: {
      path: "/(index|utils?|helpers?|common|misc|shared|lib|types|constants|manager|service)[.]tsx?$",
      pathNot: "node_modules",
    },
  },
  {
    name: "prod-not-to-test",
    comment: "The product runs without its tests, benchmarks and demonstrations.",
    severity: "error",
    from: { path: entries },
    to: { path: `^(test|bench|demo)/|${suites}`, reachable: true },
  },
  {
    name: "prod-not-to-dev-dependency",
    comment: "Whoever installs the package gets its dependencies only.",
    severity: "error",
    from: { path: entries },
    to: { path: `node_modules/(${Object.keys(manifest.devDependencies).join("|")})/`, reachable: true },
  },
];

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [...layers, ...capabilities, ...sdk, ...hygiene],
  options: {
    // TypeScript 7 has no JavaScript API for the default parser to call.
    parser: "swc",
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    // Packages that are installed below the tests that run them, an application of theirs, the compiled copy of the SDK.
    exclude: { path: "^test/.*/node_modules/|^test/clients/capture/|^sdk/(test/large|dist)/" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
