import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { FailureKind } from "../../kernel/failure.ts";
import { Failure } from "../../kernel/failure.ts";
import { folderHolder, openDataFolder, restoringFolder } from "./data-folder.ts";

const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) };
const startedAt = "2026-01-02T03:04:05.000Z";
const address = "http://127.0.0.1:8080";
const echo = "http://127.0.0.1:9999";

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-folder-"));
  t.after(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** A second process that takes the folder, forgets the handle, collects garbage and stays until it is killed. */
async function holderProcess(t: TestContext, folder: string): Promise<ChildProcess> {
  const source = `
    const { openDataFolder } = await import(process.argv[1]);
    openDataFolder(process.argv[2], { now: () => ${clock.now()} }).setAddress("${address}", "${echo}");
    setInterval(() => {}, 60_000);
    for (let round = 0; round < 5; round++) { await new Promise(setImmediate); gc(); }
    console.log("held");`;
  const module = new URL("./data-folder.ts", import.meta.url).href;
  const options = ["--expose-gc", "--input-type=module", "-e", source, module, folder];
  const child = spawn(process.execPath, options, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  for await (const line of createInterface({ input: child.stdout })) {
    assert.equal(line, "held");
    return child;
  }
  throw new Error("The second process ended before it held the folder.");
}

function refused(path: string, kind: FailureKind, message: RegExp): void {
  assert.throws(
    () => openDataFolder(path, clock),
    (error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.kind, kind);
      assert.match(error.message, message);
      assert.match(error.detail.hint ?? "", /SLUICE_DATA_DIR/);
      return true;
    },
  );
}

test("a folder that is absent is made, with its parents, for its owner only", (t) => {
  const path = join(newFolder(t), "a", "b");
  const folder = openDataFolder(path, clock);
  t.after(() => folder.close());
  assert.equal(folder.path, path);
  assert.equal(statSync(path).mode & 0o777, 0o700);
});

test("a second process is refused and told who holds the folder, since when and where it serves", async (t) => {
  const path = newFolder(t);
  const { pid } = await holderProcess(t, path);
  refused(
    path,
    "conflict",
    new RegExp(`in use by process ${pid} \\(started ${startedAt}, serving ${address}\\)`),
  );
});

test("the folder is free at once after kill -9 of its holder, though its text is still there", async (t) => {
  const path = newFolder(t);
  const child = await holderProcess(t, path);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.match(readFileSync(join(path, "holder.json"), "utf8"), new RegExp(`"pid":${child.pid}\\b`));
  const folder = openDataFolder(path, clock);
  assert.deepEqual(JSON.parse(readFileSync(join(path, "holder.json"), "utf8")), {
    pid: process.pid,
    host: hostname(),
    startedAt,
    address: null,
    echo: null,
  });
  folder.close();
});

test("who holds a folder can be asked without taking it", async (t) => {
  const path = newFolder(t);
  assert.equal(folderHolder(join(path, "absent")), undefined);
  const { pid } = await holderProcess(t, path);
  const who = `process ${pid} (started ${startedAt}, serving ${address})`;
  assert.deepEqual(folderHolder(path), { who, address, echo });
  refused(path, "conflict", new RegExp(`process ${pid}`));
});

test("a folder that nobody holds has no holder, and asking leaves it free", (t) => {
  const path = newFolder(t);
  openDataFolder(path, clock).close();
  assert.equal(folderHolder(path), undefined);
  openDataFolder(path, clock).close();
});

test("a folder that a restore left half filled is refused until it is emptied", (t) => {
  const path = newFolder(t);
  mkdirSync(join(path, restoringFolder));
  refused(path, "conflict", /restore into the data folder .* was cut short/);
  rmSync(join(path, restoringFolder), { recursive: true });
  openDataFolder(path, clock).close();
});

test("a text that names a living process holds nothing", (t) => {
  const path = newFolder(t);
  const text = { pid: process.pid, host: hostname(), startedAt, address };
  writeFileSync(join(path, "holder.json"), JSON.stringify(text));
  openDataFolder(path, clock).close();
});

test("one process cannot open a folder twice, and can again after closing it", (t) => {
  const path = newFolder(t);
  const folder = openDataFolder(path, clock);
  refused(path, "conflict", new RegExp(`process ${process.pid} \\(started ${startedAt}\\)`));
  folder.close();
  assert.ok(!existsSync(join(path, "holder.json")));
  const next = openDataFolder(path, clock);
  folder.close();
  refused(path, "conflict", /in use/);
  next.close();
});

test("a refusal stands when the holder's text is missing or broken, and names another host", (t) => {
  const path = newFolder(t);
  const folder = openDataFolder(path, clock);
  t.after(() => folder.close());
  const text = join(path, "holder.json");
  writeFileSync(text, JSON.stringify({ pid: 7, host: "elsewhere", startedAt, address: null }));
  refused(path, "conflict", /process 7 on elsewhere \(started/);
  writeFileSync(text, "{");
  refused(path, "conflict", /in use by another process\./);
  rmSync(text);
  refused(path, "conflict", /in use by another process\./);
});

test("a path that is a file, or leads through one, is refused", (t) => {
  const file = join(newFolder(t), "file");
  writeFileSync(file, "");
  refused(file, "invalid", /is a file/);
  refused(join(file, "below"), "invalid", /is a file/);
});

test("a folder that this user may not write, or make, is refused", (t) => {
  const path = newFolder(t);
  chmodSync(path, 0o555);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    refused(path, "invalid", /cannot be written by the user/);
    refused(join(path, "below"), "invalid", /cannot be written by the user/);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test("a full disk is said to be one, and the lock is given back", { skip: !existsSync("/dev/full") }, (t) => {
  const path = newFolder(t);
  const draft = join(path, "holder.json.draft");
  symlinkSync("/dev/full", draft);
  refused(path, "unavailable", /the disk is full/);
  rmSync(draft);
  openDataFolder(path, clock).close();
});
