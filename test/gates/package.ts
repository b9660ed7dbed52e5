// Packs the product, installs the tarball into an empty folder and runs what a user would: help, serve, a stop signal.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const triesMax = 600;
const tryEveryMs = 100;

const folder = mkdtempSync(join(tmpdir(), "sluice-package-"));
const home = join(folder, "installed");
// The installed command starts `node` from the path: it has to be the Node that the package asks for.
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}` };
try {
  const shipped = pack();
  assert.ok(shipped.includes("dist/src/main.js"), "the package ships its entry");
  const foreign = shipped.filter((path) =>
    /\.ts$|\.test\.|conformance|promises|^(capture|src|test|bench|demo)\//.test(path),
  );
  assert.deepEqual(foreign, [], "the package ships nothing but the product");

  install();
  const command = join(home, "node_modules/.bin/sluice");
  const help = execFileSync(command, ["--help"], { cwd: home, env, encoding: "utf8" });
  assert.match(help, /serve/, "the help names the command to start with");
  await serve(command);
  console.log(`The package of ${shipped.length} files installs, helps, serves and stops.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The paths in the tarball that it leaves in the folder. */
function pack(): readonly string[] {
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { env, stdio: "inherit" });
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
  writeFileSync(join(home, "package.json"), "{}\n");
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--omit=dev"];
  execFileSync("npm", ["install", ...flags, tarball()], { cwd: home, env, stdio: "inherit" });
}

async function serve(command: string): Promise<void> {
  const port = await freePort();
  const settings = { SLUICE_DATA_DIR: join(folder, "data"), SLUICE_PORT: String(port) };
  const child = spawn(command, ["serve"], { cwd: home, env: { ...env, ...settings }, stdio: "inherit" });
  try {
    assert.equal(await health(child, `http://127.0.0.1:${port}/healthz`), 200, "/healthz answers");
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    const [code, signal] = (await exit) as [number | null, string | null];
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, "SIGTERM ends it in order");
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
  }
}

/** The first status that the address answers with; fails when the process ends or stays silent. */
async function health(child: ChildProcess, address: string): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    assert.equal(child.exitCode, null, "the server ended instead of serving");
    const answer = await fetch(address).catch(() => undefined);
    if (answer !== undefined) return answer.status;
    await sleep(tryEveryMs);
  }
  throw new Error(`no answer from ${address}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  assert.ok(typeof address === "object" && address !== null, "a TCP socket has a port");
  return address.port;
}
