// Packs the SDK, installs the tarball into an empty folder and captures a program with it, under every Node on the path:
// development runs on a newer one than the SDK asks for.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { z } from "zod";
import { agentVersion } from "../src/version.ts";
import { exampleKey, receiver } from "./receiver.ts";

const oldestMajor = 20;

/** Asks itself and ends: nothing but the agent could keep it, and nothing but its own end sends what it saw. */
const program = (begin: string): string => `${begin}
import { createServer } from "node:http";
const server = createServer((request, response) => response.end("hello from " + request.url));
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  await (await fetch(\`http://127.0.0.1:\${port}/users/7\`)).text();
  server.close();
  server.closeAllConnections();
});
`;
const consumer = `import { capture, type Capture, type CaptureOptions } from "sluice-capture";
import { sluiceRoute } from "sluice-capture/hono";
import { register } from "sluice-capture/next";
const options: CaptureOptions = { service: "typed", unsafe: { withoutDefaultRedactions: false } };
const handle: Capture = capture(options);
export const said: readonly [number, unknown, unknown] = [handle.stats().dropped.queueFull, sluiceRoute, register];
// @ts-expect-error -- there is no such setting
capture({ password: "x" });
`;

const Manifest = z.looseObject({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).optional(),
});

const folder = mkdtempSync(join(tmpdir(), "sluice-sdk-package-"));
const home = join(folder, "installed");
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}` };
const sink = await receiver();
try {
  const shipped = pack();
  assert.ok(shipped.includes("dist/sdk/src/agent.worker.js") && shipped.includes("README.md"));
  const foreign = shipped.filter((path) =>
    /(?<!\.d)\.ts$|\.test\.|(^|\/)(src|test|bench)\/.*test/.test(path),
  );
  assert.deepEqual(foreign, [], "the package ships nothing but the SDK");
  install();
  const manifest = Manifest.parse(
    JSON.parse(readFileSync(join(home, "node_modules/sluice-capture/package.json"), "utf8")),
  );
  assert.equal(manifest.version, agentVersion);
  assert.equal(manifest.dependencies, undefined, "it has no dependencies");
  assert.deepEqual(
    readdirSync(join(home, "node_modules")).filter((name) => !name.startsWith(".")),
    ["sluice-capture"],
  );
  types();

  writeFileSync(join(home, "plain.mjs"), program(""));
  writeFileSync(
    join(home, "called.mjs"),
    program(`import { capture } from "sluice-capture";\nawait capture({ service: "called" }).flush();`),
  );
  const versions: string[] = [];
  for (const node of nodes()) {
    versions.push(execFileSync(node, ["--version"], { encoding: "utf8" }).trim());
    await captured(node, ["called.mjs"], true);
    // The first request may come before the settings: then its form is recorded, and no more.
    await captured(node, ["--import", "sluice-capture/register", "plain.mjs"], false);
  }
  console.log(`The SDK of ${shipped.length} files installs and captures under ${versions.join(", ")}.`);
} finally {
  await sink.close();
  rmSync(folder, { recursive: true, force: true });
}

function pack(): readonly string[] {
  execFileSync("npm", ["pack", "--silent", "--workspace", "sluice-capture", "--pack-destination", folder], {
    env,
    stdio: "inherit",
  });
  const listed = execFileSync("tar", ["-tzf", tarball()], { encoding: "utf8" });
  return listed
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
}

function tarball(): string {
  const [name, ...more] = readdirSync(folder).filter((path) => path.endsWith(".tgz"));
  assert.ok(name !== undefined && more.length === 0, "npm pack made one tarball");
  return join(folder, name);
}

function install(): void {
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), '{ "type": "module" }\n');
  execFileSync("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball()], {
    cwd: home,
    env,
    stdio: "inherit",
  });
}

/** A program in TypeScript understands what the package declares. */
function types(): void {
  writeFileSync(join(home, "consumer.ts"), consumer);
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck", "--types", ""];
  execFileSync(join(process.cwd(), "node_modules/.bin/tsc"), [...flags, "consumer.ts"], {
    cwd: home,
    env,
    stdio: "inherit",
  });
}

/** Each Node on the path that the SDK is for. */
function nodes(): readonly string[] {
  const found = (process.env["PATH"] ?? "").split(delimiter).map((place) => join(place, "node"));
  const byVersion = new Map(
    [process.execPath, ...found]
      .filter((path) => existsSync(path))
      .map((path) => [execFileSync(path, ["--version"], { encoding: "utf8" }), path] as const),
  );
  return [...byVersion]
    .filter(([version]) => Number(/\d+/.exec(version)?.[0]) >= oldestMajor)
    .map(([, path]) => path);
}

async function captured(node: string, args: readonly string[], whole: boolean): Promise<void> {
  sink.batches.length = 0;
  const settings = { SLUICE_URL: sink.url, SLUICE_KEY: exampleKey };
  const child = spawn(node, args, { cwd: home, env: { ...process.env, ...settings }, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  assert.equal(code, 0, `${node} ${args.join(" ")}`);
  const [record, ...more] = sink.records();
  assert.ok(record && more.length === 0, "it sent what it saw before it ended");
  assert.equal(record.status, 200);
  if (whole) {
    assert.equal(record.target, "/users/7");
    assert.partialDeepStrictEqual(record.response?.body, { text: "hello from /users/7" });
  }
}
