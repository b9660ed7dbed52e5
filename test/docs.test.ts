import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const required = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CHANGELOG.md",
  "LICENSE",
];
const documents = [...required.filter((path) => path.endsWith(".md")), ...globSync("docs/**/*.md")].filter(
  (path) => existsSync(path),
);

/** Folders whose paths are promises when a document puts them in backticks; other text is no path. */
const folders = /^(capture|src|test|bench|demo|docs|\.ci)\//;
const rootFile = /^([A-Z]+\.md|(package|tsconfig|knip)[\w.-]*\.json|\.[\w.-]+\.(json|mjs))$/;

test("the repository has the documents a visitor looks for", () => {
  assert.deepEqual(
    required.filter((path) => !existsSync(path)),
    [],
    "missing documents",
  );
});

test("every path that a document names in backticks exists", () => {
  const named = documents.flatMap((document) =>
    [...prose(document).matchAll(/`([^`\s]+)`/g)].map((match) => ({ document, path: match[1] ?? "" })),
  );
  assert.deepEqual(
    named.filter(({ path }) => (folders.test(path) || rootFile.test(path)) && !isThere(path)),
    [],
    "named in a document, but not there",
  );
});

test("every relative link of a document leads somewhere", () => {
  const links = documents.flatMap((document) =>
    [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ document, to: match[1] ?? "" })),
  );
  const dead = links.filter(({ document, to }) => {
    if (/^[a-z]+:/.test(to)) return false;
    const [path = "", anchor] = to.split("#");
    const target = path === "" ? document : normalize(join(dirname(document), decodeURI(path)));
    return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
  });
  assert.deepEqual(dead, [], "dead links");
});

test("ARCHITECTURE.md mentions every folder of src, two levels deep", () => {
  const text = read("ARCHITECTURE.md");
  const levels = ["src/*/", "src/*/*/"].flatMap((pattern) => globSync(pattern));
  const paths = levels.map((path) => path.replaceAll("\\", "/").replace(/\/$/, ""));
  const unmentioned = paths.filter((path) => !mentions(text, path.replace(/^src\//, "")));
  assert.ok(paths.length > 0, "src has folders");
  assert.deepEqual(unmentioned, [], "folders that ARCHITECTURE.md does not mention");
});

test("README.md shows the two commands that work on a fresh machine", () => {
  const text = read("README.md");
  for (const command of ["npm ci && npm start", "npm ci && npm test"])
    assert.ok(text.includes(command), `README.md does not show: ${command}`);
});

test("CHANGELOG.md has the version of the package or an Unreleased section", () => {
  const version = /"version":\s*"([^"]+)"/.exec(read("package.json"))?.[1];
  assert.ok(version, "package.json has a version");
  const sections = [...read("CHANGELOG.md").matchAll(/^## \[?([^\]\s]+)/gm)].map((match) => match[1]);
  assert.ok(
    sections.includes("Unreleased") || sections.includes(version),
    `CHANGELOG.md has neither an Unreleased section nor one for ${version}`,
  );
});

test("documents and what reads the environment name the same environment variables", () => {
  const inDocuments = new Set(documents.flatMap((document) => variables(read(document))));
  // The SDK has its own, of the process that it is in.
  const inConfig = new Set(["src/config.ts", "sdk/src/options.ts"].flatMap((path) => variables(read(path))));
  assert.deepEqual(
    {
      unknownToConfig: [...inDocuments].filter((name) => !inConfig.has(name)),
      undocumented: [...inConfig].filter((name) => !inDocuments.has(name)),
    },
    { unknownToConfig: [], undocumented: [] },
  );
});

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** A document without its fenced code, where backticks and brackets mean something else. */
function prose(document: string): string {
  return read(document).replace(/^(```|~~~).*?^\1/gms, "");
}

function isThere(path: string): boolean {
  const plain = path.replace(/[.,:]$/, "");
  return /[*<>{}]/.test(plain) ? globSync(plain.replace(/<[^>]+>/g, "*")).length > 0 : existsSync(plain);
}

/** `engines/ledger` counts as mentioned when it stands as a whole, or as `ledger/` below a line for `engines/`. */
function mentions(text: string, folder: string): boolean {
  const last = folder.split("/").at(-1) ?? folder;
  return [folder, `${last}/`].some((name) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text));
}

/** Headings as the anchors GitHub gives them. */
function anchors(path: string): readonly string[] {
  return [...prose(path).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function variables(text: string): readonly string[] {
  return [...new Set(text.match(/\bSLUICE_[A-Z0-9_]*[A-Z0-9]/g))];
}
