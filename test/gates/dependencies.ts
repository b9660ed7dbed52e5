// Runs the dependency rules and proves that the cruise saw the code: a cruiser that found no modules is satisfied.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { cruise } from "dependency-cruiser";
import extractOptions from "dependency-cruiser/config-utl/extract-depcruise-options";

const folders = ["capture", "sdk", "src", "test"];
const { output } = await cruise(folders, await extractOptions("./.dependency-cruiser.mjs"));
assert.ok(typeof output !== "string", "the cruise answers with a result, not with a report");
const { modules, summary } = output;

const broken = summary.violations.map(({ rule, from, to, cycle }) => {
  const way = cycle ? [from, ...cycle.map(({ name }) => name)] : from === to ? [from] : [from, to];
  return `${rule.name}: ${way.join(" -> ")}`;
});

const edges = new Map(modules.map(({ source, dependencies }) => [source, dependencies.length]));
const written = folders.flatMap((folder) =>
  globSync(`${folder}/**/*.ts`, { exclude: ["**/node_modules/**", "**/dist/**"] }),
);
const unseen = written
  .filter((path) => !edges.has(path) || (edges.get(path) === 0 && importsSomething(path)))
  .map((path) => `modules-cruised: ${path} or what it imports was not seen`);
if (written.length === 0) unseen.push("modules-cruised: there is no module");

for (const line of [...broken, ...unseen]) console.error(line);
console.log(
  `${written.length} files, ${summary.totalDependenciesCruised ?? 0} imports, ${broken.length} violations`,
);
process.exitCode = broken.length + unseen.length > 0 ? 1 : 0;

function importsSomething(path: string): boolean {
  return /^import .*from "|^} from "/m.test(readFileSync(path, "utf8"));
}
